#include "flow/sampler.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

using Indices = std::vector<int64_t>;

Indices ofStep(Sampler& sampler, int64_t step) {
  Indices indices;
  sampler.assign(step, 0, indices);
  return indices;
}

Indices ofEpoch(Sampler& sampler, int64_t epoch) {
  Indices all;
  for (int64_t step = 0; step < sampler.stepsPerEpoch(); ++step) {
    const Indices part = ofStep(sampler, epoch * sampler.stepsPerEpoch() + step);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST(Sampler, EveryImageAtMostOncePerEpoch) {
  Sampler sampler(103, 10, 1, true, 7);
  EXPECT_EQ(sampler.stepsPerEpoch(), 10);
  Indices epoch = ofEpoch(sampler, 0);
  EXPECT_EQ(epoch.size(), 100u);
  std::sort(epoch.begin(), epoch.end());
  EXPECT_EQ(std::adjacent_find(epoch.begin(), epoch.end()), epoch.end());
  EXPECT_GE(epoch.front(), 0);
  EXPECT_LT(epoch.back(), 103);
}

TEST(Sampler, EpochsAndSeedsDiffer) {
  Sampler sampler(100, 10, 1, true, 7), other(100, 10, 1, true, 8);
  EXPECT_NE(ofEpoch(sampler, 0), ofEpoch(sampler, 1));
  EXPECT_NE(ofEpoch(sampler, 0), ofEpoch(other, 0));
}

TEST(Sampler, AnyStepInAnyOrder) {
  Sampler forwards(57, 8, 1, true, 3), backwards(57, 8, 1, true, 3);
  std::vector<Indices> steps;
  for (int64_t step = 0; step < 30; ++step) steps.push_back(ofStep(forwards, step));
  for (int64_t step = 29; step >= 0; --step)
    EXPECT_EQ(ofStep(backwards, step), steps[static_cast<size_t>(step)]);
}

TEST(Sampler, OrderDoesNotDependOnTheBatch) {
  Sampler small(60, 4, 1, true, 3), large(60, 30, 1, true, 3);
  EXPECT_EQ(ofEpoch(small, 2), ofEpoch(large, 2));
}

TEST(Sampler, AllPermutationsAreEquallyLikely) {
  constexpr int kEpochs = 24000, kPermutations = 24;
  std::vector<int> counts(256, 0);
  Sampler sampler(4, 4, 1, true, 1);
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const Indices order = ofStep(sampler, epoch);
    ++counts[static_cast<size_t>(order[0] + 4 * (order[1] + 4 * (order[2] + 4 * order[3])))];
  }
  double chiSquare = 0;
  constexpr double kExpected = kEpochs / kPermutations;
  for (const int count : counts)
    if (count > 0) chiSquare += (count - kExpected) * (count - kExpected) / kExpected;
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 256 - kPermutations);
  EXPECT_LT(chiSquare, 49.7);  // 23 degrees of freedom, 0.1 %
}

TEST(Sampler, UnshuffledKeepsTheOrderAndTheRest) {
  Sampler sampler(10, 4, 1, false, 7);
  EXPECT_EQ(sampler.stepsPerEpoch(), 3);
  EXPECT_EQ(ofStep(sampler, 0), (Indices{0, 1, 2, 3}));
  EXPECT_EQ(ofStep(sampler, 2), (Indices{8, 9}));
}

TEST(Sampler, PositionsAndEpochs) {
  const Sampler sampler(25, 10, 1, true, 0);
  EXPECT_EQ(sampler.stepsPerEpoch(), 2);
  EXPECT_EQ(sampler.epochOf(5), 2);
  EXPECT_EQ(sampler.positionOf(5, 0), 10);
}

TEST(Sampler, PartsAreNeighbouringSlicesOfAStep) {
  Sampler whole(103, 12, 1, true, 7), parted(103, 4, 3, true, 7);
  EXPECT_EQ(parted.stepsPerEpoch(), whole.stepsPerEpoch());
  for (int64_t step = 0; step < 2 * whole.stepsPerEpoch(); ++step) {
    Indices together, part;
    for (int i = 0; i < 3; ++i) {
      parted.assign(step, i, part);
      EXPECT_EQ(parted.positionOf(step, i), whole.positionOf(step, 0) + 4 * i);
      together.insert(together.end(), part.begin(), part.end());
    }
    EXPECT_EQ(together, ofStep(whole, step));
  }
}

TEST(Sampler, RefusesLessThanABatch) {
  MIXMIM_EXPECT_ERROR(Sampler(9, 10, 1, true, 0),
                      "data.batch: expected at most the 9 images of the data set, got 10; use a smaller "
                      "batch or more images");
  MIXMIM_EXPECT_ERROR(
      Sampler(9, 5, 2, true, 0),
      "data.batch: expected a step of at most the 9 images of the data set, got 5 x 2; use a smaller "
      "batch or more images");
  MIXMIM_EXPECT_ERROR(
      Sampler(0, 1, 1, false, 0),
      "Sampler: expected at least one image, a batch and parts of at least 1, got 0, 1 and 1");
  MIXMIM_EXPECT_ERROR(
      Sampler(9, 1, 0, true, 0),
      "Sampler: expected at least one image, a batch and parts of at least 1, got 9, 1 and 0");
}

}  // namespace
}  // namespace cv::mixmim
