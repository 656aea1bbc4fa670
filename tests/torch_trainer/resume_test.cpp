// The program with the real model: a run cut short and continued ends as the undisturbed one does, bit for
// bit.
#include <gtest/gtest.h>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* verb;
  int signal;
  int delay;  ///< milliseconds from the first checkpoint to the signal
  const char* options;
};

std::string trainingRun(const Case& run, const std::string& out) {
  const std::string validation = std::string(run.verb) == "finetune" ? " --val val" : "";
  return std::string(run.verb) + " --data train --out " + out + validation +
         " --model small --size 32 --model.patchSize 2 --batch 4 --epochs 12 --threads 2"
         " --run.checkpointEpochs 0.3 --run.validateEpochs 1000 " +
         run.options;
}

class TorchResume : public ::testing::TestWithParam<Case> {};

TEST_P(TorchResume, EndsAsTheUndisturbedRun) {
  const TempFolder folder;
  const fs::path here = folder.path();
  makeData(here, 20);
  const auto command = [](const std::string& out) { return trainingRun(GetParam(), out); };
  expectTheUndisturbedEnd(here, command, GetParam().signal, GetParam().delay);
}

/// Killed early, later and late, with averaged weights.
std::vector<Case> killed() {
  std::vector<Case> cases;
  for (const auto& [name, delay] : {std::pair("Early", 20), {"Later", 150}, {"Late", 300}}) {
    cases.push_back({name, "pretrain", SIGKILL, delay, "--optim.ema 0.99"});
    cases.push_back({name, "pretrain", SIGKILL, delay, "--optim.ema 0.99 --optim.accumulate 2"});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Kills, TorchResume, ::testing::ValuesIn(killed()), [](const auto& instance) {
  return instance.param.name + std::string(instance.index % 2 ? "Accumulating" : "");
});

INSTANTIATE_TEST_SUITE_P(
    Signals, TorchResume,
    ::testing::Values(Case{"PretrainCtrlC", "pretrain", SIGINT, 50, ""},
                      Case{"PretrainKillAccumulating", "pretrain", SIGKILL, 200,
                           "--optim.accumulate 2 --optim.ema 0.99"},
                      Case{"FinetuneTerm", "finetune", SIGTERM, 350, "--model.dropPath 0.1"},
                      Case{"FinetuneKillAccumulating", "finetune", SIGKILL, 100,
                           "--optim.accumulate 2 --augment.randLayers 2 --augment.erase 0.25"}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace cv::mixmim::test
