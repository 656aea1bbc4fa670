#include "data_pipeline/pipeline.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "data_pipeline/augment.hpp"
#include "data_pipeline/decode.hpp"
#include "data_pipeline/mix.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "tests/data_pipeline/data_set.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

using test::DataSet;
using test::equal;
using test::optionsFor;
using test::run;

class EveryRecipe : public testing::TestWithParam<Recipe> {};

TEST_P(EveryRecipe, BytesDoNotDependOnThreadsRingOrStorage) {
  const DataSet data(3, 8);
  PipelineOptions options = optionsFor(GetParam());
  options.config.run.threads = 1;
  options.config.data.ring = 2;
  const int64_t steps =
      Pipeline(data.open(), options).stepsPerEpoch() * (GetParam() == Recipe::kEval ? 1 : 3);
  const auto expected = run(data.open(), options, 0, steps);
  ASSERT_EQ(static_cast<int64_t>(expected.size()), steps);
  EXPECT_EQ(std::set<std::string>(expected.begin(), expected.end()).size(), expected.size());
  const auto packed = data.openPacked();
  EXPECT_EQ(packed->fingerprint(), data.open()->fingerprint());
  for (const int threads : {1, 2, 4, 8})
    for (const int ring : {2, 8}) {
      options.config.run.threads = threads;
      options.config.data.ring = ring;
      EXPECT_EQ(run(data.open(), options, 0, steps), expected) << threads << " threads, ring " << ring;
      EXPECT_EQ(run(packed, options, 0, steps), expected)
          << "packed, " << threads << " threads, ring " << ring;
    }
}

TEST_P(EveryRecipe, ResumesAtAnyStep) {
  const DataSet data(3, 8);
  const PipelineOptions options = optionsFor(GetParam());
  const auto packed = data.openPacked();
  Pipeline reused(data.open(), options);
  const int64_t steps = reused.stepsPerEpoch() * (GetParam() == Recipe::kEval ? 1 : 2);
  const auto whole = run(data.open(), options, 0, steps);
  for (int64_t first = 0; first <= steps; ++first) {
    const std::vector<std::string> rest(whole.begin() + first, whole.end());
    EXPECT_EQ(run(data.open(), options, first, steps), rest) << first;
    EXPECT_EQ(run(packed, options, first, steps), rest) << "packed, from " << first;
    EXPECT_EQ(run(reused, first, steps), rest) << "the same object again, from " << first;
  }
}

std::string nameOf(const testing::TestParamInfo<Recipe>& test) {
  if (test.param == Recipe::kEval) return "Eval";
  return test.param == Recipe::kPretrain ? "Pretrain" : "Finetune";
}

INSTANTIATE_TEST_SUITE_P(Pipeline, EveryRecipe,
                         testing::Values(Recipe::kPretrain, Recipe::kFinetune, Recipe::kEval), nameOf);

cv::Mat decoded(const Source& source, int64_t index, ImageDecoder& decoder, std::vector<uint8_t>& bytes) {
  source.read(index, bytes);
  return decoder.decode(cv::Rect({}, decoder.open(bytes).size)).clone();
}

TEST(Pipeline, PretrainingBatchIsCropFlipAndMixOfItsImages) {
  const DataSet data(3, 8);
  const auto source = data.open();
  const PipelineOptions options = optionsFor(Recipe::kPretrain);
  Pipeline pipeline(source, options);
  pipeline.start(3, 9);  // reaches into the third epoch
  ImageDecoder decoder;
  Resampler resampler;
  std::vector<uint8_t> bytes;
  int batches = 0;
  for (; const auto batch = pipeline.next(); ++batches) {
    EXPECT_EQ(batch->count, 6);
    EXPECT_EQ(cv::countNonZero(batch->mixing.mask), 8);  // stride 16: 4 x 4 cells
    EXPECT_DOUBLE_EQ(batch->epoch, static_cast<double>(batch->step) / 4);
    Batch unmixed = *batch;
    unmixed.images = batch->images.clone();
    mixPairs(unmixed.images, batch->mixing.mask);
    for (int slot = 0; slot < batch->count; ++slot) {
      const int64_t index = batch->samples[static_cast<size_t>(slot)];
      const auto epoch = static_cast<uint32_t>(batch->step / 4);
      Rng crop(11, static_cast<uint64_t>(index), epoch, Purpose::kCrop);
      Rng flip(11, static_cast<uint64_t>(index), epoch, Purpose::kFlip);
      const cv::Mat whole = decoded(*source, index, decoder, bytes);
      const cv::Rect region = drawCrop(whole.size(), options.config.augment, crop);
      cv::Mat expected(64, 64, CV_8UC3);
      resampler.resize(whole(region), drawFlip(options.config.augment, flip), expected);
      EXPECT_TRUE(equal(unmixed.picture(slot), expected)) << source->path(index);
      EXPECT_EQ(batch->classTargets.at<int>(slot), source->label(index));
    }
  }
  EXPECT_EQ(batches, 6);
}

TEST(Pipeline, EvaluationSeesEveryImageOnceInOrder) {
  const DataSet data(2, 10);
  const auto source = data.open();
  Pipeline pipeline(source, optionsFor(Recipe::kEval));
  EXPECT_EQ(pipeline.stepsPerEpoch(), 4);
  pipeline.start(0, 4);
  ImageDecoder decoder;
  Resampler resampler;
  std::vector<uint8_t> bytes;
  int64_t next = 0;
  while (const auto batch = pipeline.next()) {
    EXPECT_TRUE(batch->mixing.mask.empty());
    EXPECT_EQ(batch->count, batch->step < 3 ? 6 : 2);
    for (int slot = 0; slot < batch->count; ++slot, ++next) {
      EXPECT_EQ(batch->samples[static_cast<size_t>(slot)], next);
      EXPECT_EQ(batch->classTargets.at<int>(slot), source->label(next));
      cv::Mat expected;
      evalTransform(decoded(*source, next, decoder, bytes), {64, 64}, EvalView{}, resampler, expected);
      EXPECT_TRUE(equal(batch->picture(slot), expected));
    }
  }
  EXPECT_EQ(next, 20);
}

TEST(Pipeline, FinetuningDrawsAMixturePerStep) {
  const DataSet data(2, 12);
  PipelineOptions options = optionsFor(Recipe::kFinetune);
  Pipeline pipeline(data.open(), options);
  std::set<float> lambdas;
  pipeline.start(0, 8);
  while (const auto batch = pipeline.next()) lambdas.insert(batch->mixing.mixture.lambda);
  EXPECT_EQ(lambdas.size(), 8u);
}

TEST(Pipeline, UsesTheTrainersMemoryOnly) {
  const DataSet data(2, 12);
  PipelineOptions options = optionsFor(Recipe::kPretrain);
  std::set<const uint8_t*> given, seen;
  options.allocate = [&](int batch) {
    const int sizes[] = {batch, 64, 64, 3};
    cv::Mat images(4, sizes, CV_8U);
    given.insert(images.data);
    return images;
  };
  Pipeline pipeline(data.open(), options);
  EXPECT_EQ(given.size(), static_cast<size_t>(options.config.data.ring));
  pipeline.start(0, 20);
  while (const auto batch = pipeline.next()) seen.insert(batch->images.data);
  EXPECT_TRUE(std::includes(given.begin(), given.end(), seen.begin(), seen.end()));
}

TEST(Pipeline, CountsWhatItDoes) {
  const DataSet data(2, 12);
  Pipeline pipeline(data.open(), optionsFor(Recipe::kPretrain));
  run(pipeline, 0, 8);
  const PipelineStats stats = pipeline.stats();
  EXPECT_EQ(stats.images, 48);
  EXPECT_EQ(stats.batches, 8);
  EXPECT_EQ(stats.bad, 0);
  EXPECT_EQ(stats.warned, 0);
  EXPECT_EQ(stats.threads, 2);
  EXPECT_EQ(stats.decode.count, 48);
  EXPECT_EQ(stats.mix.count, 8);
  EXPECT_GE(stats.waitForBatch.count, 8);
  EXPECT_GT(stats.bytes, 0);
  EXPECT_EQ(stats.slowest.size(), 10u);
  for (const StageStats& stage :
       {stats.read, stats.decode, stats.resize, stats.mix, stats.waitForBatch, stats.waitForBuffer})
    EXPECT_GT(stage.seconds, 0);
  for (const double share : {stats.dataWait(), stats.workerBusy(), stats.ringFill()}) {
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
  }
  const PipelineStats since = pipeline.stats().since(stats);
  EXPECT_EQ(since.images, 0);
  EXPECT_EQ(since.decode.count, 0);
}

TEST(Pipeline, AnyNumberOfReadersGivesTheSameBatches) {
  const DataSet data(2, 12);
  PipelineOptions options = optionsFor(Recipe::kFinetune);
  const auto expected = run(data.open(), options, 0, 8);
  for (const int readers : {1, 5}) {
    options.config.data.readers = readers;
    EXPECT_EQ(run(data.open(), options, 0, 8), expected) << readers;
  }
}

TEST(Pipeline, RefusesWhatCannotWork) {
  const DataSet data(2, 2);
  PipelineOptions options = optionsFor(Recipe::kPretrain);
  MIXMIM_EXPECT_ERROR(
      Pipeline(data.open(), options),
      "data.batch: expected at most the 4 images of the data set, got 6; use a smaller batch or more images");
  MIXMIM_EXPECT_ERROR(Pipeline(nullptr, options), "Pipeline: expected a source, got none");
  options.config.data.batch = 2;
  options.config.data.ring = 1;
  MIXMIM_EXPECT_ERROR(
      Pipeline(data.open(), options),
      "data.ring: expected at least 2 batches, got 1; one is with the trainer while the next is filled");
  Pipeline evaluation(data.open(), optionsFor(Recipe::kEval));
  MIXMIM_EXPECT_ERROR(evaluation.start(0, 2),
                      "Pipeline::start: expected 0 <= first <= last (in evaluation <= 1), got 0 and 2");
}

}  // namespace
}  // namespace cv::mixmim
