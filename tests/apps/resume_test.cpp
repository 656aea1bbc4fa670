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

TEST(Run, MayBecomeLongerWhenItIsResumed) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  ASSERT_EQ(mixmim(here, tinyRun("pretrain", "run", "--epochs 3")).exitCode, 0);
  const Outcome shorter = mixmim(here, "pretrain --out run --resume auto --epochs 2");
  EXPECT_EQ(shorter.exitCode, 1);
  EXPECT_NE(shorter.err.find("optim.epochs: expected at least the 3 that the run has done, got 2\n"),
            std::string::npos)
      << shorter.err;
  const Outcome longer = mixmim(here, "pretrain --out run --resume auto --epochs 5");
  EXPECT_EQ(longer.exitCode, 0) << longer.err;
  EXPECT_NE(
      longer.err.find("optim.epochs: 5 instead of 3; the learning rate follows the new schedule from step "
                      "12 on\n"),
      std::string::npos)
      << longer.err;
  EXPECT_EQ(readCheckpointInfo((here / "run").string()).config.optim.epochs, 5);
  EXPECT_NE(contentOf(here / "run" / "config.ini").find("epochs = 5\n"), std::string::npos);
  const Outcome again = mixmim(here, "pretrain --out run --resume auto");
  EXPECT_EQ(again.exitCode, 0) << again.err;
  EXPECT_EQ(again.err.find("instead of"), std::string::npos) << again.err;
  EXPECT_NE(again.out.find("20 steps done"), std::string::npos) << again.out;
}

/// 16 pictures: 4 steps per epoch of 4 pictures, then 8 of 2, or 2 of 8.
TEST(Run, MayHaveOtherBatchesWhenItIsResumed) {
  struct {
    const char *options, *said;
    int64_t steps, perEpoch;
  } const cases[] = {
      {"--batch 2", "2 images per step instead of 4 from step 12 on; the learning rate changes with them", 28,
       8},
      {"--batch 8 --optim.lr 0.1", "", 0, 0},
      {"--accumulate 2",
       "8 images per step instead of 4 from step 12 on; the learning rate changes with them", 16, 2},
  };
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  ASSERT_EQ(
      mixmim(here, tinyRun("pretrain", "first", "--epochs 3 --run.logSteps 1 --optim.baseLr 0.1")).exitCode,
      0);
  for (const auto& [options, said, steps, perEpoch] : cases) {
    SCOPED_TRACE(options);
    fs::remove_all(here / "run");
    fs::copy(here / "first", here / "run", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const std::string command = "pretrain --out run --resume auto --epochs 5 --run.logSteps 1 ";
    const Outcome other = mixmim(here, command + options);
    if (steps == 0) {
      EXPECT_NE(other.err.find("optim.lr: expected 0 as in the run to be resumed, got 0.1"),
                std::string::npos)
          << other.err;
      continue;
    }
    ASSERT_EQ(other.exitCode, 0) << other.err;
    EXPECT_NE(other.err.find(said), std::string::npos) << other.err;
    const CheckpointInfo info = readCheckpointInfo((here / "run").string());
    EXPECT_EQ(info.step, steps);
    EXPECT_EQ(info.epoch, 5);
    int64_t step = 0;
    for (const auto& line : jsonLinesOf(here / "run/metrics.jsonl")) {
      EXPECT_EQ(line.at("step").as_int64(), ++step);
      const double epoch = step <= 12 ? static_cast<double>(step) / 4
                                      : 3 + static_cast<double>(step - 12) / static_cast<double>(perEpoch);
      EXPECT_EQ(line.at("epoch").to_number<double>(), epoch);
    }
    EXPECT_EQ(step, steps);
    // And once more, now without a word, to the bit.
    const std::string end = finalState(here / "run");
    fs::remove_all(here / "run/checkpoints" / fs::read_symlink(here / "run/checkpoints/last"));
    const Outcome again = mixmim(here, command);
    EXPECT_EQ(again.exitCode, 0) << again.err;
    EXPECT_EQ(again.err.find("instead of"), std::string::npos) << again.err;
    EXPECT_EQ(finalState(here / "run"), end);
  }
}

TEST(Run, EndsEarlyWhereItGetsNoBetter) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  const std::string command = tinyRun("finetune", "run", "--epochs 9 --optim.lr 1e-30 --run.earlyStop 2");
  const Outcome outcome = mixmim(here, command);
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("ends early: 2 validations without a better one than after step 4\n"),
            std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.out.find("12 steps done"), std::string::npos) << outcome.out;
  const std::string end = finalState(here / "run");
  fs::remove_all(here / "run/checkpoints/step-00000012");
  EXPECT_EQ(mixmim(here, command + " --resume auto").exitCode, 0);
  EXPECT_EQ(readCheckpointInfo((here / "run").string()).step, 12);
  EXPECT_EQ(finalState(here / "run"), end);
  const Outcome blind = mixmim(here, tinyRun("pretrain", "other", "--run.earlyStop 2"));
  EXPECT_NE(blind.err.find("mixmim: error: run.earlyStop: needs validations, and there are none; give a "
                           "fine-tuning --val SRC\n"),
            std::string::npos)
      << blind.err;
  EXPECT_EQ(
      mixmim(here, tinyRun("pretrain", "other", "--run.patience 2")).err,
      "mixmim: error: --run.patience: is --run.lostSeconds now; --run.earlyStop ends a run that gets no "
      "better\n");
}

/// The cells of metrics.csv are the numbers of metrics.jsonl, also after a resume.
TEST(Run, LeavesItsMetricsAsATable) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 8);
  const std::string command = tinyRun("finetune", "run", "--run.logSteps 3 --run.keep 9");
  ASSERT_EQ(mixmim(here, command).exitCode, 0);
  for (const bool resumed : {false, true}) {
    if (resumed) {
      fs::remove_all(here / "run/checkpoints/step-00000020");
      fs::remove(here / "run/metrics.csv");
      ASSERT_EQ(mixmim(here, command + " --resume auto").exitCode, 0);
    }
    std::istringstream table(contentOf(here / "run/metrics.csv"));
    std::string line;
    std::getline(table, line);
    EXPECT_EQ(line.find("step,epoch,loss,lr,"), 0u) << line;
    EXPECT_NE(line.find(",val_top1"), std::string::npos) << line;
    const auto objects = jsonLinesOf(here / "run/metrics.jsonl");
    for (const auto& object : objects) {
      ASSERT_TRUE(std::getline(table, line));
      EXPECT_EQ(line.find(std::to_string(object.at("step").as_int64()) + ","), 0u) << line;
    }
    EXPECT_FALSE(std::getline(table, line));
    EXPECT_EQ(objects.size(), 12u);
  }
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
