// Defaults that follow the data, as users meet them. The rules themselves:
// tests/mixmim/data_defaults_test.cpp.
#include <filesystem>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFake = " --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so";

class DataDefaultsOfRuns : public ::testing::Test {
 protected:
  void SetUp() override { makeData(folder_.path(), 12); }
  Outcome run(const std::string& arguments) { return mixmim(folder_.path(), arguments + kFake); }
  /// "batch = 16", of a run's config.ini.
  bool kept(const std::string& line) {
    return contentOf(folder_.path() / "r" / "config.ini").find("\n" + line + "\n") != std::string::npos;
  }

  TempFolder folder_;
};

TEST_F(DataDefaultsOfRuns, AreSaidAndKept) {
  const Outcome outcome = run("finetune --data train --val val --out r --model small --size 16 --epochs 2");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(
                "small data, 24 pictures; what was not said follows them (--preset finetune does not):\n"
                "  data.batch 16: more steps\n"
                "  optim.warmupEpochs 0.1: the recipe's share of the epochs\n"
                "  optim.lr 0.00071: small steps of a narrow model bear more\n"
                "  optim.layerDecay 1: no weights to start from\n"
                "  augment.scaleMin 0.5, augment.randLayers 0, augment.erase 0, mix.mixup 0, mix.cutmix 0, "
                "model.dropPath 0: too few steps to pay for more\n"),
            std::string::npos)
      << outcome.err;
  for (const char* line : {"batch = 16", "warmupEpochs = 0.1", "lr = 0.00071", "layerDecay = 1"})
    EXPECT_TRUE(kept(line)) << line;
}

TEST_F(DataDefaultsOfRuns, ArePartOfWhatADryRunSays) {
  const std::string order = "pretrain --data train --model small --size 16 --epochs 2 --json --dry-run";
  const Outcome outcome = run(order);
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const boost::json::value answer = boost::json::parse(outcome.out);
  const boost::json::object first{{"key", "data.batch"}, {"value", "16"}, {"why", "more steps"}};
  EXPECT_EQ(answer.at("choices").as_array().at(0), first);
  const Outcome published = run(order + " --preset pretrain --batch 4");
  EXPECT_EQ(boost::json::parse(published.out).at("choices"), boost::json::array());
}

TEST_F(DataDefaultsOfRuns, AreShownByConfig) {
  const Outcome outcome = mixmim(folder_.path(), "config --data train --model small --size 16");
  EXPECT_EQ(
      outcome.out.find("# small data, 24 pictures; what was not said follows them (--preset pretrain does "
                       "not):\n#   data.batch 16: more steps\n#   optim.epochs 2000: 2000 steps\n"),
      0u)
      << outcome.out;
  EXPECT_NE(outcome.out.find("\nbatch = 16\n"), std::string::npos);
  EXPECT_EQ(
      mixmim(folder_.path(), "config --data nowhere").out.find("# no setting follows the data: nowhere: "),
      0u);
}

TEST_F(DataDefaultsOfRuns, LongWarmupIsToldOf) {
  const Outcome outcome =
      run("pretrain --data train --model small --size 16 --epochs 2 --optim.warmupEpochs 3 --dry-run");
  EXPECT_NE(
      outcome.err.find("warning: a warm-up of 3 epochs in a run of 2: the learning rate never reaches its "
                       "peak; --optim.warmupEpochs sets another\n"),
      std::string::npos)
      << outcome.err;
}

/// A run is begun once and goes on as it was begun, whatever its defaults would be today.
TEST_F(DataDefaultsOfRuns, ARunGoesOnWithoutSayingItsSettingsAgain) {
  const std::string order =
      "pretrain --data train --out r --model small --size 16 --preset pretrain --batch 4";
  ASSERT_EQ(run(order + " --epochs 2").exitCode, 0);
  fs::remove_all(folder_.path() / "r/checkpoints/last");
  fs::remove_all(folder_.path() / "r/checkpoints/step-00000012");
  const Outcome again = run("pretrain --out r --resume auto");
  EXPECT_EQ(again.exitCode, 0) << again.err;
  EXPECT_NE(again.err.find("at step 6\n"), std::string::npos) << again.err;
  EXPECT_EQ(again.err.find("small data"), std::string::npos) << again.err;
  EXPECT_TRUE(kept("batch = 4"));
}

}  // namespace
}  // namespace cv::mixmim::test
