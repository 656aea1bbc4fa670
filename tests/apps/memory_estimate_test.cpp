// What the estimate says against what the program needs with the real trainer.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "opencv2/mixmim/train/options.hpp"
#include "run/memory_estimate.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

struct Case {
  const char* name;
  const char* verb;
  std::vector<Setting> settings;
};

class MemoryOfARun : public ::testing::TestWithParam<Case> {};

/// A few steps in a process of their own, whose largest resident memory the system knows.
TEST_P(MemoryOfARun, IsAboutTheEstimate) {
  const Case& run = GetParam();
  const bool finetune = std::string(run.verb) == "finetune";
  std::string command = "bench train --json --seconds 1 --threads 2 --recipe " + std::string(run.verb);
  for (const Setting& setting : run.settings) command += " --" + setting.key + " " + setting.value;
  const TempFolder folder;
  const Outcome outcome = mixmim(folder.path(), command);
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const double measured = boost::json::parse(outcome.out).at("peak_memory_mb").to_number<double>();
  Config config = resolve(finetune ? Task::kFinetune : Task::kPretrain, run.settings);
  config.data.ring = 1;  // a single batch, no pipeline
  const double estimated = estimateMemory(config).total() / (1 << 20);
  EXPECT_NEAR(estimated, measured, 0.2 * measured);
}

INSTANTIATE_TEST_SUITE_P(
    Models, MemoryOfARun,
    ::testing::Values(
        Case{"Tiny", "pretrain", {{"model", "tiny", ""}, {"batch", "16", ""}}},
        Case{"TinyFinetune",
             "finetune",
             {{"model", "tiny", ""}, {"batch", "16", ""}, {"model.classes", "9", ""}}},
        Case{"Swin",
             "pretrain",
             {{"model", "tiny", ""},
              {"model.encoder", "swin", ""},
              {"model.depths", "2,2,2,1", ""},
              {"batch", "16", ""}}},
        Case{"Pvt", "pretrain", {{"model", "tiny", ""}, {"model.encoder", "pvt", ""}, {"batch", "16", ""}}},
        Case{"TwinsFinetune",
             "finetune",
             {{"model", "tiny", ""},
              {"model.encoder", "twins_svt", ""},
              {"model.depths", "2,2,2,1", ""},
              {"batch", "16", ""},
              {"model.classes", "9", ""}}},
        Case{"PvtV2",
             "pretrain",
             {{"model", "tiny", ""}, {"model.encoder", "pvt_v2", ""}, {"batch", "16", ""}}},
        Case{"Small", "pretrain", {{"model", "small", ""}, {"size", "64", ""}, {"batch", "128", ""}}}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim::test
