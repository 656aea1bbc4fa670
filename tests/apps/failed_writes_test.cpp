// Logs and streams that cannot be written: the run survives with one warning and leaves the same weights.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/support/event_reader.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

int countOf(const std::string& word, const std::string& text) {
  int count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

class FailedWrites : public ::testing::Test {
 protected:
  void SetUp() override {
    makeData(here_, 12);
    ASSERT_EQ(mixmim(here_, tinyRun("pretrain", "undisturbed")).exitCode, 0);
  }

  /// A shell command in which {} stands for the program and its arguments; its exit code is left in `code`.
  void shell(const std::string& command, const std::string& arguments) const {
    const std::string program = MIXMIM_PROGRAM " " + arguments;
    const std::string line = fmt::format(fmt::runtime(command), program);
    ASSERT_EQ(std::system(("cd '" + here_.string() + "' && " + line).c_str()), 0) << line;
  }

  void expectTheSameWeights() const {
    EXPECT_EQ(contentOf(here_ / "code"), "0\n") << contentOf(here_ / "err");
    EXPECT_EQ(finalState(here_ / "run"), finalState(here_ / "undisturbed"));
  }

  const TempFolder folder_;
  const fs::path here_ = folder_.path();
};

TEST_F(FailedWrites, ALogOnAFullDiskCostsOneWarning) {
  for (const char* name : {"metrics.jsonl", "train.log"}) {
    fs::remove_all(here_ / "run");
    fs::create_directories(here_ / "run");
    fs::create_symlink("/dev/full", here_ / "run" / name);
    shell("{}; echo $? >code", tinyRun("pretrain", "run", "2>err"));
    expectTheSameWeights();
    const std::string warning = fmt::format(
        "warning: run/{}: cannot be written: No space left on device; training goes on, and this is the "
        "only warning about logs\n",
        name);
    EXPECT_EQ(countOf(warning, contentOf(here_ / "err")), 1) << contentOf(here_ / "err");
    EXPECT_EQ(countOf("training goes on", contentOf(here_ / "err")), 1);
  }
}

TEST_F(FailedWrites, AllLogsTogetherCostOneWarning) {
  fs::create_directories(here_ / "run" / "metrics.jsonl");  // folders in the places of files
  fs::create_directories(here_ / "run" / "train.log");
  std::ofstream(here_ / "run" / "pictures") << "";
  shell("{}; echo $? >code", tinyRun("pretrain", "run", "2>err"));
  EXPECT_EQ(contentOf(here_ / "code"), "1\n");  // pictures/ cannot be made: told before the run begins
  fs::remove(here_ / "run" / "pictures");
  shell("{}; echo $? >code", tinyRun("pretrain", "run", "2>err"));
  expectTheSameWeights();
  EXPECT_EQ(countOf("warning: run/train.log: cannot be opened: Is a directory; training goes on",
                    contentOf(here_ / "err")),
            1);
  EXPECT_EQ(countOf("training goes on", contentOf(here_ / "err")), 1) << contentOf(here_ / "err");
}

TEST_F(FailedWrites, WhatALimitCutsOffIsLeftOutWhole) {
  // No file above 64 blocks of 512 bytes: enough for settings and small checkpoints, not for the logs.
  shell("(ulimit -f 64; {}); echo $? >code",
        tinyRun("pretrain", "run", "--run.logSteps 1 --epochs 100 --run.pictureEpochs 0 2>err"));
  EXPECT_EQ(contentOf(here_ / "code"), "0\n") << contentOf(here_ / "err");
  EXPECT_EQ(countOf("cannot be written: File too large; training goes on", contentOf(here_ / "err")), 1)
      << contentOf(here_ / "err");
  const auto curve = curveOf(here_ / "run", "train/loss");  // throws for a record that is cut off
  EXPECT_GT(curve.size(), 10u);
  EXPECT_LT(curve.size(), 600u);
  EXPECT_EQ(contentOf(here_ / "run" / "metrics.jsonl").back(), '\n');
}

TEST_F(FailedWrites, StandardOutputIsAFullDisk) {
  shell("{} >/dev/full; echo $? >code", tinyRun("pretrain", "run", "--json 2>err"));
  expectTheSameWeights();
  const std::string warning = "warning: standard output cannot be written; the result is in train.log\n";
  EXPECT_EQ(countOf(warning, contentOf(here_ / "err")), 1) << contentOf(here_ / "err");
  EXPECT_EQ(countOf("30 steps done, loss ", contentOf(here_ / "run" / "train.log")), 1);
}

TEST_F(FailedWrites, StandardOutputIsAClosedPipe) {
  shell("({{ sleep 0.3; {}; echo $? >code; }} | true)", tinyRun("pretrain", "run", "2>err"));
  expectTheSameWeights();
}

TEST_F(FailedWrites, BothStreamsAreAClosedPipe) {
  shell("({{ sleep 0.3; {} 2>&1; echo $? >code; }} | true)", tinyRun("pretrain", "run"));
  expectTheSameWeights();
  EXPECT_EQ(countOf("warning: standard error cannot be written; training goes on",
                    contentOf(here_ / "run" / "train.log")),
            1);
}

/// The first file that is opened would get the number of a closed stream, and then what is printed there.
TEST_F(FailedWrites, StreamsThatAreClosedFromTheStart) {
  shell("{} <&- >&- 2>&-; echo $? >code", tinyRun("pretrain", "run"));
  expectTheSameWeights();
}

TEST_F(FailedWrites, AReaderThatLeavesIsNotComplainedTo) {
  shell("({{ sleep 0.3; {}; echo $? >code; }} | true)", "config 2>err");
  EXPECT_EQ(contentOf(here_ / "code"), "1\n");
  EXPECT_EQ(contentOf(here_ / "err"), "");
}

TEST_F(FailedWrites, AVerbWhoseAnswerIsLostHasFailed) {
  shell("{} >/dev/full; echo $? >code", "config 2>err");
  EXPECT_EQ(contentOf(here_ / "code"), "1\n");
  EXPECT_EQ(contentOf(here_ / "err"), "mixmim: error: standard output cannot be written\n");
}

}  // namespace
}  // namespace cv::mixmim::test
