// Steps whose loss or gradient is not finite.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

#include "data_pipeline/source.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"
#include "run/non_finite_steps.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class NonFinite : public ::testing::Test {
 protected:
  NonFinite() {
    makeData(here_, 4);
    source_ = openSource((here_ / "train").string());
    Config config;
    config.run.out = (here_ / "run").string();
    run_ = std::make_unique<RunFolder>(config);
  }

  static Batch batchOf(int64_t step, int part, int parts, std::vector<int64_t> samples) {
    Batch batch;
    batch.step = step;
    batch.accumulation.part = part;
    batch.accumulation.parts = parts;
    batch.samples = std::move(samples);
    return batch;
  }
  static StepReport bad(int64_t step) {
    return {step, std::numeric_limits<double>::quiet_NaN(), 2.5, 0.125, /*skipped=*/true};
  }
  static StepReport good(int64_t step) { return {step, 1, 1, 1, false}; }

  const TempFolder folder_;
  const fs::path here_ = folder_.path();
  std::shared_ptr<const Source> source_;
  std::unique_ptr<RunFolder> run_;
};

TEST_F(NonFinite, StepsAreCountedAndTheirImagesRecorded) {
  NonFiniteSteps steps(*run_, *source_, 2);
  steps.remember(batchOf(0, 0, 2, {0, 1}));
  steps.remember(batchOf(0, 1, 2, {2, 5}));
  steps.remember(batchOf(1, 0, 2, {3, 4}));  // a device that is late: the report of step 0 comes now
  steps.check(bad(0));
  steps.check(good(1));
  steps.remember(batchOf(2, 0, 1, {6}));
  steps.check(bad(2));
  EXPECT_EQ(steps.count(), 2);
  const std::vector<json::object> lines = jsonLinesOf(here_ / "run" / "nonfinite.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("step"), 1);  // counted from 1, as in metrics.jsonl
  EXPECT_TRUE(lines[0].at("loss").is_null());
  EXPECT_EQ(lines[0].at("grad_norm"), 2.5);
  EXPECT_EQ(lines[0].at("lr"), 0.125);
  const json::array& images = lines[0].at("images").as_array();
  ASSERT_EQ(images.size(), 4u);
  EXPECT_EQ(images[3].at("index"), 5);
  EXPECT_EQ(images[3].at("path").as_string(), (here_ / "train/light/1.png").string());
  EXPECT_EQ(lines[1].at("images").as_array().size(), 1u);
}

TEST_F(NonFinite, TooManyInARowAreAnError) {
  NonFiniteSteps steps(*run_, *source_, 3);
  for (int64_t step = 0; step < 2; ++step) steps.check(bad(step));
  steps.check(good(2));
  for (int64_t step = 3; step < 5; ++step) steps.check(bad(step));
  const std::string message =
      "training: 3 steps in a row had a loss or gradient that is not finite, stopped at step 6; "
      "their images are in " +
      run_->path() +
      "/nonfinite.jsonl; start again from the last checkpoint with a lower --optim.lr or "
      "--optim.clipNorm 1";
  MIXMIM_EXPECT_ERROR(steps.check(bad(5)), message.c_str());
}

/// The fake trainer diverges at this rate after some steps.
TEST_F(NonFinite, ARunThatDivergesStopsAndKeepsTheLastCheckpoint) {
  const Outcome outcome = mixmim(here_, tinyRun("pretrain", "div",
                                                "--optim.lr 100 --epochs 200 --optim.maxNonFinite 3 "
                                                "--run.checkpointEpochs 2"));
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_NE(
      outcome.err.find("mixmim: error: training: 3 steps in a row had a loss or gradient that is not finite, "
                       "stopped at step "),
      std::string::npos)
      << outcome.err;
  const std::vector<json::object> lines = jsonLinesOf(here_ / "div" / "nonfinite.jsonl");
  ASSERT_GE(lines.size(), 3u);
  for (const json::object& line : lines) EXPECT_EQ(line.at("images").as_array().size(), 4u);
  const int64_t last = lines.back().at("step").as_int64();
  EXPECT_EQ(lines[lines.size() - 3].at("step").as_int64(), last - 2);
  EXPECT_NE(contentOf(here_ / "div" / "train.log").find("error: training: 3 steps in a row"),
            std::string::npos);

  const CheckpointInfo kept = verifyCheckpoint((here_ / "div").string());
  EXPECT_GT(kept.step, 0);
  EXPECT_LT(kept.step, last - 2);
  for (const auto& [name, tensor] : readWeights((here_ / "div").string()))
    for (int64_t i = 0; i < tensor.elements(); ++i) ASSERT_TRUE(std::isfinite(tensor.as<float>()[i])) << name;
}

/// Resuming repeats the same steps and stops at the same place.
TEST_F(NonFinite, AResumedRunSaysTheSame) {
  const std::string run = tinyRun("pretrain", "div",
                                  "--optim.lr 100 --epochs 200 --optim.maxNonFinite 3 "
                                  "--run.checkpointEpochs 2 ");
  ASSERT_EQ(mixmim(here_, run).exitCode, 1);
  const std::string once = contentOf(here_ / "div" / "nonfinite.jsonl");
  EXPECT_EQ(mixmim(here_, run + "--resume auto").exitCode, 1);
  EXPECT_EQ(contentOf(here_ / "div" / "nonfinite.jsonl"), once);
}

}  // namespace
}  // namespace cv::mixmim::test
