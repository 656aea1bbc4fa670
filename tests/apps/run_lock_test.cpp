// One run at a time in a folder, whatever is started there.
#include "run/run_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

std::string hostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string refusal(const std::string& folder, pid_t process) {
  return fmt::format(
      "{}: a run is going on in this folder (process {} on {}); wait for it, or choose another --out", folder,
      process, hostName());
}

TEST(RunLock, IsHeldOnceAndLeavesNothingBehind) {
  const TempFolder folder;
  const std::string run = folder / "deep/run";
  {
    const RunLock lock(run);
    EXPECT_TRUE(lock.held());
    const std::string message = refusal(run, getpid());
    MIXMIM_EXPECT_ERROR((RunLock(run), 0), message.c_str());
    MIXMIM_EXPECT_ERROR((refuseSecondRun(run), 0), message.c_str());
  }
  EXPECT_FALSE(fs::exists(folder / "deep"));
  refuseSecondRun(run);
  fs::create_directories(run);
  EXPECT_TRUE(RunLock(run).held());
  EXPECT_TRUE(fs::is_empty(run));
}

TEST(RunLock, EndsWithItsProcess) {
  const TempFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    new RunLock(folder.path());  // never deleted
    kill(getpid(), SIGKILL);
  }
  EXPECT_EQ(waitForEnd(child), 128 + SIGKILL);
  EXPECT_EQ(contentOf(folder / ".lock"), fmt::format("process {} on {}", child, hostName()));
  EXPECT_TRUE(RunLock(folder.path()).held());
  EXPECT_FALSE(fs::exists(folder / ".lock"));
}

class SecondRun : public ::testing::Test {
 protected:
  void SetUp() override { makeData(here_, 8); }
  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(SecondRun, IsRefusedAndTouchesNothing) {
  const std::string slow = tinyRun("pretrain", "run", "--epochs 100000 --run.checkpointEpochs 100000");
  const pid_t first = startRun(here_, slow);
  for (int i = 0; i < 4000 && contentOf(here_ / "run" / "metrics.jsonl").empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const fs::path unfinished = here_ / "run" / "checkpoints" / ".step-00000001.new";
  fs::create_directory(unfinished);
  const std::string message = "mixmim: error: " + refusal("run", first) + "\n";
  for (const char* more : {"", "--resume auto", "--overwrite", "--nproc 2 --resume auto"}) {
    SCOPED_TRACE(more);
    const Outcome second = mixmim(here_, tinyRun("pretrain", "run", more));
    EXPECT_EQ(second.exitCode, 1);
    EXPECT_EQ(second.err, message);
  }
  EXPECT_TRUE(fs::exists(unfinished));
  EXPECT_EQ(kill(first, SIGTERM), 0);
  EXPECT_EQ(waitForEnd(first), 143);
  EXPECT_FALSE(fs::exists(here_ / "run" / ".lock"));
  const std::string more = "--resume auto --epochs 100000 --run.checkpointEpochs 100000 --dry-run";
  EXPECT_EQ(mixmim(here_, tinyRun("pretrain", "run", more)).exitCode, 0) << contentOf(here_ / ".err");
}

TEST_F(SecondRun, OfTwoStartedTogetherOneRuns) {
  const std::string run = tinyRun("pretrain", "run", "--resume auto --epochs 300 --run.checkpointEpochs 300");
  const pid_t a = startRun(here_, run), b = startRun(here_, run);
  const int codes = waitForEnd(a) + waitForEnd(b);
  EXPECT_EQ(codes, 1) << "one is done (0), the other refused (1)";
  EXPECT_EQ(readCheckpointInfo((here_ / "run").string()).step, 1200);
}

TEST_F(SecondRun, ARunThatCannotBeginLeavesNoFolder) {
  const Outcome outcome = mixmim(here_, tinyRun("pretrain", "new/run", "--data nowhere"));
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_FALSE(fs::exists(here_ / "new"));
}

TEST_F(SecondRun, WithoutLocksARunWarnsAndGoesOn) {
  if (std::string(MIXMIM_FAILING_IO).empty()) GTEST_SKIP() << "sanitizers want to be loaded first";
  const Outcome outcome =
      runIn(here_, fmt::format("FAILING_IO='flock ENOLCK .lock' LD_PRELOAD={} {} {}", MIXMIM_FAILING_IO,
                               MIXMIM_PROGRAM, tinyRun("pretrain", "run")));
  EXPECT_EQ(outcome.exitCode, 0);
  EXPECT_EQ(outcome.err.find("warning: run: this file system has no locks (No locks available); a second run "
                             "in this folder would not be noticed\n"),
            0u)
      << outcome.err;
  EXPECT_FALSE(fs::exists(here_ / "run" / ".lock"));
}

}  // namespace
}  // namespace cv::mixmim::test
