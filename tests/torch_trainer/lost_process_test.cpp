// F16: a process of a run is killed or frozen. The others end with the cause, and the run started again ends
// as the undisturbed one.
#include <gtest/gtest.h>

#include <chrono>

#include <fmt/format.h>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kAtMost = std::chrono::seconds(60);

std::string run(const std::string& out) {
  return "pretrain --data train --out " + out +
         " --model small --size 32 --model.patchSize 2 --batch 2 --accumulate 3 --epochs 10 --threads 1 "
         "--optim.ema 0.9 --model.dropPath 0.1 --run.checkpointEpochs 0.3 --run.lostSeconds 5 --run.keep 2";
}

/// Processes of one run, started by hand as a launcher would do it.
class Members {
 public:
  Members(const fs::path& folder, int size) : folder_(folder) {
    const Outcome port = runIn(folder,
                               "python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); "
                               "print(s.getsockname()[1])'");
    for (int rank = 0; rank < size; ++rank) {
      const std::string command = fmt::format(
          "RANK={} LOCAL_RANK={} WORLD_SIZE={} MASTER_ADDR=127.0.0.1 MASTER_PORT={} "
          "TORCHELASTIC_ERROR_FILE=cause{} exec {} {} --resume auto >out{} 2>err{}",
          rank, rank, size, std::stoi(port.out), rank, MIXMIM_PROGRAM, run("run"), rank, rank);
      children_.push_back(startIn(folder, command));
    }
  }
  ~Members() {
    for (const pid_t child : children_) kill(child, SIGKILL);
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  void waitForCheckpoint() const {
    for (int i = 0; i < 12000 && !fs::exists(folder_ / "run/checkpoints/last"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  void send(int rank, int signal) const { kill(children_[static_cast<size_t>(rank)], signal); }
  int exitCode(int rank) const { return waitForEnd(children_[static_cast<size_t>(rank)]); }
  std::string errors(int rank) const { return contentOf(folder_ / ("err" + std::to_string(rank))); }
  std::string cause(int rank) const { return contentOf(folder_ / ("cause" + std::to_string(rank))); }

 private:
  fs::path folder_;
  std::vector<pid_t> children_;
};

class LostProcess : public ::testing::Test {
 protected:
  LostProcess() { makeData(here_, 20); }
  void expectTheUndisturbedEnd() const {
    const Outcome undisturbed = mixmim(here_, run("undisturbed"));
    ASSERT_EQ(undisturbed.exitCode, 0) << undisturbed.err;
    const Outcome again = mixmim(here_, run("run") + " --nproc 3 --resume auto");
    ASSERT_EQ(again.exitCode, 0) << again.err;
    EXPECT_NE(again.err.find("resumes run/checkpoints/step-"), std::string::npos) << again.err;
    EXPECT_EQ(finalState(here_ / "run"), finalState(here_ / "undisturbed"));
  }
  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

struct Loss {
  int rank, signal;
  const char* cause;
};

/// Nobody kills the others here: they have to find out by themselves.
TEST_F(LostProcess, IsNamedByTheOthersWhichEnd) {
  for (const Loss& loss : {Loss{1, SIGKILL, "process 1 of 3 ("}, Loss{2, SIGSTOP, "process 2 of 3 ("},
                           Loss{0, SIGKILL, "process 0 of 3 ("}}) {
    SCOPED_TRACE(fmt::format("{} gets {}", loss.rank, strsignal(loss.signal)));
    fs::remove_all(here_ / "run");
    const Members members(here_, 3);
    members.waitForCheckpoint();
    members.send(loss.rank, loss.signal);
    const Clock::time_point start = Clock::now();
    for (int rank = 0; rank < 3; ++rank) {
      if (rank == loss.rank) continue;
      EXPECT_EQ(members.exitCode(rank), 1);
      EXPECT_NE(members.errors(rank).find(loss.cause), std::string::npos) << members.errors(rank);
      EXPECT_NE(members.cause(rank).find(loss.cause), std::string::npos) << members.cause(rank);
    }
    EXPECT_LT(Clock::now() - start, kAtMost);
  }
  expectTheUndisturbedEnd();
}

pid_t startLauncher(const fs::path& here) {
  const pid_t child = startIn(here, "exec " MIXMIM_PROGRAM " " + run("run") + " --nproc 3 >out 2>err");
  for (int i = 0; i < 12000 && !fs::exists(here / "run/checkpoints/last"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return child;
}

/// The processes that the launcher has started.
std::vector<pid_t> childrenOf(pid_t parent) {
  std::istringstream list(contentOf(fmt::format("/proc/{0}/task/{0}/children", parent)));
  return {std::istream_iterator<pid_t>(list), {}};
}

TEST_F(LostProcess, EndsTheWholeRunOfTheLauncher) {
  const pid_t launcher = startLauncher(here_);
  const std::vector<pid_t> children = childrenOf(launcher);
  ASSERT_EQ(children.size(), 3u);
  kill(children[1], SIGKILL);
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(waitForEnd(launcher), 1);
  EXPECT_LT(Clock::now() - start, kAtMost);
  EXPECT_NE(
      contentOf(here_ / "err")
          .find(fmt::format(
              "mixmim: error: process 1 of 3 ({}) was killed by signal 9 (Killed); the others are ended",
              children[1])),
      std::string::npos)
      << contentOf(here_ / "err");
  for (const pid_t child : children) EXPECT_NE(kill(child, 0), 0);
  expectTheUndisturbedEnd();
}

TEST_F(LostProcess, ALauncherThatIsKilledLeavesNothingBehind) {
  const pid_t launcher = startLauncher(here_);
  const std::vector<pid_t> children = childrenOf(launcher);
  kill(launcher, SIGKILL);
  EXPECT_EQ(waitForEnd(launcher), 137);
  for (const pid_t child : children) {
    for (int i = 0; i < 2000 && kill(child, 0) == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_NE(kill(child, 0), 0);
  }
}

/// F15: a signal to one process is one to all.
TEST_F(LostProcess, SignalsReachAllProcesses) {
  const pid_t launcher = startLauncher(here_);
  const std::vector<pid_t> children = childrenOf(launcher);
  ASSERT_EQ(children.size(), 3u);
  kill(children[2], SIGTERM);  // not the one that writes
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(waitForEnd(launcher), 143);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
  EXPECT_NE(contentOf(here_ / "err").find("interrupted after step "), std::string::npos)
      << contentOf(here_ / "err");
  expectTheUndisturbedEnd();
}

}  // namespace
}  // namespace cv::mixmim::test
