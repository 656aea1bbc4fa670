// An interrupted run ends as the undisturbed one does, bit for bit.
#include <gtest/gtest.h>

#include "model_io/open_checkpoint.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* verb;
  int signal;
};

class Resume : public ::testing::TestWithParam<Case> {};

TEST_P(Resume, EndsAsTheUndisturbedRun) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 20);
  const std::string options =
      "--epochs 300 --run.checkpointEpochs 0.3 --run.logSteps 100 --run.validateEpochs 1000 ";
  const auto command = [&](const std::string& out) { return tinyRun(GetParam().verb, out, options); };
  expectTheUndisturbedEnd(here, command, GetParam().signal);
  EXPECT_EQ(readCheckpointInfo((here / "whole").string()).step, 3000);
}

INSTANTIATE_TEST_SUITE_P(Signals, Resume,
                         ::testing::Values(Case{"PretrainCtrlC", "pretrain", SIGINT},
                                           Case{"FinetuneTerm", "finetune", SIGTERM},
                                           Case{"PretrainKill", "pretrain", SIGKILL}),
                         [](const auto& instance) { return instance.param.name; });

TEST(Run, ThreadsDoNotChangeTheResult) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 20);
  for (const char* threads : {"1", "4"})
    ASSERT_EQ(
        mixmim(here, tinyRun("pretrain", std::string("t") + threads, std::string("--threads ") + threads))
            .exitCode,
        0);
  EXPECT_EQ(finalState(here / "t1"), finalState(here / "t4"));
}

TEST(Run, ResumingRefusesWhatWouldChangeTheResult) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run")).exitCode, 0);
  const Outcome settings = mixmim(here, tinyRun("pretrain", "run", "--resume auto --seed 5"));
  EXPECT_EQ(settings.exitCode, 1);
  EXPECT_NE(settings.err.find(
                "run.seed: expected 0 as in the run to be resumed, got 5; resume with the same settings, or "
                "start a new run with --init"),
            std::string::npos)
      << settings.err;
  fs::remove(here / "train" / "dark" / "0.png");
  const Outcome data = mixmim(here, tinyRun("pretrain", "run", "--resume auto"));
  EXPECT_EQ(data.exitCode, 1);
  EXPECT_NE(data.err.find("train: is not the data this run was started with"), std::string::npos) << data.err;
}

TEST(Run, ResumingAcceptsWhatDoesNotChangeTheResult) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  const std::string keepAll = " --run.checkpointEpochs 1 --run.keep 9 ";
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run", keepAll)).exitCode, 0);
  const std::string whole = finalState(here / "run");
  const std::string change = "--resume run/checkpoints/step-00000004 --data.readers 3 --data.ring 2";
  const Outcome resumed = mixmim(here, tinyRun("pretrain", "run", change + keepAll));
  EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
  EXPECT_EQ(finalState(here / "run"), whole);
}

TEST(Run, NamesTheBadImagesAndGoesOn) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 20);
  std::ofstream(here / "train" / "dark" / "3.png") << "no picture";
  const Outcome outcome = mixmim(here, tinyRun("pretrain", "run"));
  EXPECT_EQ(outcome.exitCode, 0);
  EXPECT_NE(outcome.err.find("1 images could not be used: run/bad_images.jsonl"), std::string::npos)
      << outcome.err;
  EXPECT_NE(contentOf(here / "run" / "bad_images.jsonl").find("train/dark/3.png"), std::string::npos);
}

}  // namespace
}  // namespace cv::mixmim::test
