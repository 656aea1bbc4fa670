// Runs on disks without symbolic links, and run folders that came from elsewhere.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

class CopiedRuns : public ::testing::Test {
 protected:
  void SetUp() override {
    makeData(here_, 8);
    ASSERT_EQ(mixmim(here_, run("undisturbed")).exitCode, 0);
  }
  static std::string run(const std::string& out, const std::string& more = "") {
    return tinyRun("finetune", out, "--run.keep 100 " + more);
  }
  void copy(const char* name, bool followLinks) const {
    auto options = fs::copy_options::recursive;
    if (!followLinks) options |= fs::copy_options::copy_symlinks;
    fs::copy(here_ / "undisturbed", here_ / name, options);
  }
  void expectGoesOnAsUndisturbed(const std::string& name, const std::string& from) const {
    const Outcome resumed = mixmim(here_, run(name, "--resume auto"));
    EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
    EXPECT_NE(resumed.err.find("resumes " + name + "/checkpoints/" + from + " at"), std::string::npos)
        << resumed.err;
    EXPECT_EQ(finalState(here_ / name), finalState(here_ / "undisturbed"));
  }
  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(CopiedRuns, WithoutLinksARunWarnsOnceAndIsReadAndResumed) {
  if (std::string(MIXMIM_FAILING_IO).empty()) GTEST_SKIP() << "sanitizers want to be loaded first";
  const std::string fault = fmt::format("FAILING_IO='symlink EPERM checkpoints' LD_PRELOAD={} {} ",
                                        MIXMIM_FAILING_IO, MIXMIM_PROGRAM);
  const Outcome outcome = runIn(here_, fault + run("run"));
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  const std::string warning =
      "warning: " + (here_ / "run/checkpoints/last").string() +
      ": cannot be pointed at run/checkpoints/step-00000004: Operation not permitted; training goes on, and "
      "the newest and the best checkpoint are found without\n";
  EXPECT_NE(outcome.err.find(warning), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("warning"), outcome.err.rfind("warning")) << outcome.err;
  EXPECT_EQ(outcome.out.substr(outcome.out.rfind(';')), "; run/checkpoints/step-00000020\n");
  EXPECT_FALSE(fs::exists(here_ / "run/checkpoints/last"));
  EXPECT_EQ(finalState(here_ / "run"), finalState(here_ / "undisturbed"));
  fs::remove_all(here_ / "run/checkpoints/step-00000020");
  expectGoesOnAsUndisturbed("run", "step-00000016");
}

struct Command {
  const char *name, *arguments;
};

TEST_F(CopiedRuns, AreAcceptedByEveryVerb) {
  const std::string trainer = " --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so";
  copy("copy", true);
  copy("bare", false);
  for (const char* link : {"last", "best"}) fs::remove(here_ / "bare/checkpoints" / link);
  for (const std::string name : {"copy", "bare"})
    for (const std::string& command :
         {"eval --data val --model " + name + trainer, "info " + name, "report " + name,
          "report --data val " + name + trainer, "info " + name + "/checkpoints/last",
          "info " + name + "/checkpoints/best", run("from-" + name, "--overwrite --init " + name)}) {
      const Outcome outcome = mixmim(here_, command);
      EXPECT_EQ(outcome.exitCode, 0) << command << '\n' << outcome.err;
    }
}

TEST_F(CopiedRuns, AreResumedFromTheirNewestCheckpoint) {
  copy("links-followed", true);
  fs::remove_all(here_ / "links-followed/checkpoints/step-00000020");
  expectGoesOnAsUndisturbed("links-followed", "last");
  copy("older", true);
  for (const char* name : {"step-00000020", "last", "best"})
    fs::remove_all(here_ / "older/checkpoints" / name);
  expectGoesOnAsUndisturbed("older", "step-00000016");
}

TEST_F(CopiedRuns, SayWhichNewerCheckpointIsDamaged) {
  copy("bare", false);
  for (const char* link : {"last", "best"}) fs::remove(here_ / "bare/checkpoints" / link);
  fs::resize_file(here_ / "bare/checkpoints/step-00000020/model.safetensors", 100);
  const Outcome outcome =
      mixmim(here_, "eval --data val --model bare --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("passed over: bare/checkpoints/step-00000020/model.safetensors: "),
            std::string::npos)
      << outcome.err;
}

TEST_F(CopiedRuns, WhereNoCheckpointCanBeReadNoNewRunBegins) {
  copy("damaged", false);
  std::string reasons;
  for (const auto& entry : fs::directory_iterator(here_ / "damaged/checkpoints"))
    if (!entry.is_symlink()) fs::resize_file(entry.path() / "state.json", 100);
  const Outcome resumed = mixmim(here_, run("damaged", "--resume auto"));
  EXPECT_EQ(resumed.exitCode, 1);
  EXPECT_EQ(resumed.err.find("mixmim: error: damaged: has 5 checkpoints, and none can be read: "
                             "damaged/checkpoints/step-00000020/state.json: is damaged: its content does not "
                             "match its checksum; damaged/checkpoints/step-00000016/state.json: "),
            0u)
      << resumed.err;
  EXPECT_EQ(contentOf(here_ / "damaged/metrics.jsonl"), contentOf(here_ / "undisturbed/metrics.jsonl"));
}

}  // namespace
}  // namespace cv::mixmim::test
