// Faults from outside, injected into a run: nothing that was saved is lost, and what goes on ends as
// undisturbed.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

class Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    makeData(here_, 20);
    ASSERT_EQ(mixmim(here_, run("undisturbed")).exitCode, 0);
  }
  static std::string run(const std::string& out, const std::string& more = "") {
    return tinyRun("pretrain", out, "--run.keep 100 " + more);
  }
  /// The program with a faulty disk under it.
  [[nodiscard]] Outcome withFault(const std::string& fault, const std::string& arguments) const {
    return runIn(here_, fmt::format("FAILING_IO='{}' LD_PRELOAD={} {} {}", fault, MIXMIM_FAILING_IO,
                                    MIXMIM_PROGRAM, arguments));
  }
  void expectGoesOnAsUndisturbed() const {
    const Outcome resumed = mixmim(here_, run("run", "--resume auto"));
    EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
    EXPECT_EQ(finalState(here_ / "run"), finalState(here_ / "undisturbed"));
  }
  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

struct DiskFault {
  const char *name, *fault, *reason;
};

/// F2: the disk is full, or broken, when the third checkpoint is written.
TEST_F(Faults, ACheckpointThatCannotBeWrittenEndsTheRunAndKeepsTheOthers) {
  if (std::string(MIXMIM_FAILING_IO).empty()) GTEST_SKIP() << "sanitizers want to be loaded first";
  const DiskFault faults[] = {
      {"full", "write ENOSPC .step-00000030", "cannot be written: No space left on device"},
      {"broken", "write EIO .step-00000030", "cannot be written: Input/output error"},
      {"full when synced", "fsync ENOSPC .step-00000030", "cannot be written: No space left on device"}};
  for (const DiskFault& fault : faults) {
    SCOPED_TRACE(fault.name);
    fs::remove_all(here_ / "run");
    const Outcome outcome = withFault(fault.fault, run("run"));
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_NE(outcome.err.find(fault.reason), std::string::npos) << outcome.err;
    std::vector<std::string> left;
    for (const auto& entry : fs::directory_iterator(here_ / "run" / "checkpoints"))
      left.push_back(entry.path().filename().string());
    std::sort(left.begin(), left.end());
    EXPECT_EQ(left, (std::vector<std::string>{"last", "step-00000010", "step-00000020"}));
    EXPECT_EQ(verifyCheckpoint((here_ / "run").string()).step, 20);
    expectGoesOnAsUndisturbed();
  }
}

/// F3: one byte of the newest checkpoint is another, or its end is missing.
TEST_F(Faults, ADamagedCheckpointIsNamedAndTheOneBeforeIsTaken) {
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "state.json"})
    for (const bool cut : {false, true}) {
      SCOPED_TRACE(std::string(name) + (cut ? ", cut" : ", one byte"));
      fs::remove_all(here_ / "run");
      fs::copy(here_ / "undisturbed", here_ / "run",
               fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      const fs::path file = here_ / "run" / "checkpoints" / "step-00000050" / name;
      std::string bytes = contentOf(file);
      if (cut)
        bytes.pop_back();
      else
        bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 4);
      std::ofstream(file, std::ios::binary) << bytes;
      const Outcome resumed = mixmim(here_, run("run", "--resume auto"));
      EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
      EXPECT_NE(resumed.err.find("passed over: "), std::string::npos) << resumed.err;
      EXPECT_NE(resumed.err.find("resumes run/checkpoints/step-00000040"), std::string::npos) << resumed.err;
      EXPECT_EQ(finalState(here_ / "run"), finalState(here_ / "undisturbed"));
    }
}

/// F8: a picture that the disk cannot read is replaced like a damaged one.
TEST_F(Faults, APictureThatTheDiskCannotReadIsReplacedAndNamed) {
  if (std::string(MIXMIM_FAILING_IO).empty()) GTEST_SKIP() << "sanitizers want to be loaded first";
  const Outcome outcome = withFault("pread EIO train/dark/3.png", run("run"));
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("1 images could not be used: run/bad_images.jsonl"), std::string::npos)
      << outcome.err;
  const auto bad = jsonLinesOf(here_ / "run" / "bad_images.jsonl");
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_EQ(bad[0].at("path"), "train/dark/3.png");
  EXPECT_NE(std::string(bad[0].at("reason").as_string()).find("Input/output error"), std::string::npos);
}

/// Linux has names of any bytes, JSON has not.
TEST_F(Faults, NamesThatAreNoUtf8DoNotMakeARunUnreadable) {
  const fs::path data = here_ / "tr\xE4in", out = here_ / "r\xE4";
  fs::rename(here_ / "train", data);
  std::ofstream(data / "dark" / "0.png") << "no picture";
  const std::string command = run("'r\xE4'", "--data 'tr\xE4in' --init undisturbed --run.logSteps 1");
  ASSERT_EQ(mixmim(here_, command).exitCode, 0) << contentOf(here_ / ".err");
  EXPECT_EQ(jsonLinesOf(out / "bad_images.jsonl").at(0).at("path"), "tr\\xE4in/dark/0.png");
  const CheckpointInfo info = readCheckpointInfo(out.string());
  EXPECT_EQ(info.config.run.out, "r\\xE4");
  EXPECT_EQ(info.config.data.train, "tr\\xE4in");
  for (const char* more : {"info 'r\xE4' --json", "report 'r\xE4' --json"}) {
    const Outcome outcome = mixmim(here_, more);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    boost::system::error_code error;
    boost::json::parse(outcome.out, error);
    EXPECT_FALSE(error) << outcome.out;
  }
  fs::remove_all(out / "checkpoints" / "step-00000050");
  const Outcome resumed = mixmim(here_, command + " --resume auto");
  EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
  EXPECT_EQ(jsonLinesOf(out / "bad_images.jsonl").size(), 1u);
}

/// SIGUSR1 asks for a checkpoint; the run goes on.
TEST_F(Faults, ASignalAsksForACheckpoint) {
  const std::string slow = run("run", "--epochs 4000 --run.checkpointEpochs 4000 --run.logSteps 100000");
  const pid_t child = startRun(here_, slow);
  const fs::path last = here_ / "run" / "checkpoints" / "last";
  for (int i = 0; i < 4000 && contentOf(here_ / "run" / "train.log").empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(fs::exists(last));
  kill(child, SIGUSR1);
  for (int i = 0; i < 4000 && !fs::exists(last); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(fs::exists(last));
  const int64_t asked = verifyCheckpoint((here_ / "run").string()).step;
  EXPECT_EQ(kill(child, SIGTERM), 0);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 143);
  EXPECT_GT(verifyCheckpoint((here_ / "run").string()).step, asked);
}

}  // namespace
}  // namespace cv::mixmim::test
