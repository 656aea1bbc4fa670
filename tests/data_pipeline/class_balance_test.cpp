#include "flow/class_balance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "flow/class_weights.hpp"
#include "flow/sampler.hpp"
#include "tests/data_pipeline/labels_only.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

/// Class 0 has 500 images, 1 has none, 2 has 10, 3 has 90.
std::vector<int> labels() {
  std::vector<int> all(600, 0);
  std::fill(all.begin() + 500, all.begin() + 510, 2);
  std::fill(all.begin() + 510, all.end(), 3);
  return all;
}

std::map<int, int> classesOf(const std::vector<int64_t>& order) {
  std::map<int, int> counts;
  for (const int64_t image : order) ++counts[labels()[static_cast<size_t>(image)]];
  return counts;
}

std::vector<int64_t> drawn(double balance, int64_t epoch = 0, uint64_t seed = 5) {
  std::vector<int64_t> order(600);
  ClassBalance(labels(), balance).draw(seed, epoch, order);
  return order;
}

using Counts = std::map<int, int>;

TEST(ClassBalance, GivesEachClassItsShare) {
  EXPECT_EQ(classesOf(drawn(1)), (Counts{{0, 200}, {2, 200}, {3, 200}}));
  EXPECT_EQ(classesOf(drawn(0)), (Counts{{0, 500}, {2, 10}, {3, 90}}));
  const Counts half = classesOf(drawn(0.5));  // roots: 22.4, 3.2, 9.5 of 35.0
  EXPECT_NEAR(half.at(0), 383, 1);
  EXPECT_NEAR(half.at(2), 54, 1);
  EXPECT_NEAR(half.at(3), 163, 1);
}

TEST(ClassBalance, ImagesOfAClassTakeTurns) {
  Counts times;
  for (const int64_t image : drawn(1)) ++times[static_cast<int>(image)];
  for (int image = 0; image < 600; ++image) {
    const int label = labels()[static_cast<size_t>(image)], least = label == 0 ? 0 : label == 2 ? 20 : 2;
    EXPECT_GE(times[image], least) << image;
    EXPECT_LE(times[image], label == 2 ? least : least + 1) << image;
  }
}

TEST(ClassBalance, IsAFunctionOfSeedAndEpoch) {
  EXPECT_EQ(drawn(1, 3), drawn(1, 3));
  EXPECT_NE(drawn(1, 3), drawn(1, 4));
  EXPECT_NE(drawn(1, 3, 5), drawn(1, 3, 6));
}

/// No class gains by rounding: 7 images for 3 classes, over many epochs.
TEST(ClassBalance, RoundsFairly) {
  Counts times;
  constexpr int kEpochs = 3000;
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    std::vector<int64_t> order(7);
    ClassBalance(labels(), 1).draw(1, epoch, order);
    for (const auto& [label, count] : classesOf(order)) times[label] += count;
  }
  double chiSquare = 0;
  for (const auto& [label, count] : times) chiSquare += (count - 7000.) * (count - 7000.) / 7000;
  EXPECT_LT(chiSquare, 9.2) << "2 degrees of freedom, 1 %";
}

TEST(ClassBalance, WantsClasses) {
  MIXMIM_EXPECT_ERROR(ClassBalance({0, -1}, 1),
                      "data.balance: expected images with classes, got one without; leave it at 0");
}

std::vector<float> weightsOf(const Source& source, double share) {
  const cv::Mat weights = classWeights(source, share);
  return {weights.begin<float>(), weights.end<float>()};
}

TEST(ClassWeights, MakeClassesCountAlike) {
  const test::LabelsOnly source({0, 0, 0, 0, 0, 0, 0, 0, 2, 2}, 3);
  EXPECT_EQ(weightsOf(source, 0), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(weightsOf(source, 1), (std::vector<float>{0.625F, 1, 2.5F})) << "8 and 2 of 10 images";
  const std::vector<float> half = weightsOf(source, 0.5);
  EXPECT_FLOAT_EQ(half[2] / half[0], 2);
  EXPECT_FLOAT_EQ(8 * half[0] + 2 * half[2], 10) << "the mean over the images is 1";
}

TEST(ClassWeights, OfSeveralLabelsAreThoseOfHavingThem) {
  const test::SetsOfLabels source(4, {{0}, {0, 1}, {0}, {0}, {2, 3}, {2}, {2}, {2}});
  EXPECT_EQ(weightsOf(source, 1), (std::vector<float>{1, 7, 1, 7}));
  EXPECT_FLOAT_EQ(weightsOf(source, 0.5)[1], std::sqrt(7.F));
}

TEST(ClassWeights, WantClasses) {
  MIXMIM_EXPECT_ERROR(classWeights(test::LabelsOnly({0, -1}, 1), 1),
                      "optim.classWeights: expected images with classes, got one without; leave it at 0");
}

TEST(ClassBalance, IsWhatASamplerDraws) {
  Sampler sampler(600, 60, 1, true, 5, ClassBalance(labels(), 1));
  std::vector<int64_t> epoch, batch;
  for (int64_t step = 0; step < sampler.stepsPerEpoch(); ++step) {
    sampler.assign(step, 0, batch);
    epoch.insert(epoch.end(), batch.begin(), batch.end());
    EXPECT_GT(classesOf(batch)[2], 5) << "the classes are mixed";
  }
  EXPECT_EQ(classesOf(epoch), (Counts{{0, 200}, {2, 200}, {3, 200}}));
}

}  // namespace
}  // namespace cv::mixmim
