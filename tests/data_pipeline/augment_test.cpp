#include "data_pipeline/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

Rng rngOf(uint64_t item, Purpose purpose = Purpose::kCrop) {
  return {5, item, 0, purpose};
}

cv::Rect crop(cv::Size image, const AugmentConfig& config, uint64_t item = 0) {
  Rng rng = rngOf(item);
  return drawCrop(image, config, rng);
}

/// Sum of (observed - expected)^2 / expected over equally likely bins.
double chiSquare(const std::vector<int>& counts) {
  const double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(DrawCrop, LiesInsideAndIsNotEmpty) {
  const AugmentConfig config;
  for (const cv::Size image : {cv::Size(1, 1), {1, 9}, {9, 1}, {2, 2}, {500, 375}, {10, 4000}, {65500, 3}})
    for (uint64_t item = 0; item < 300; ++item) {
      const cv::Rect rect = crop(image, config, item);
      ASSERT_EQ(rect & cv::Rect({}, image), rect) << image << rect;
      ASSERT_FALSE(rect.empty()) << image;
    }
}

TEST(DrawCrop, FollowsItsKeyOnly) {
  const AugmentConfig config;
  EXPECT_EQ(crop({500, 375}, config, 1), crop({500, 375}, config, 1));
  EXPECT_NE(crop({500, 375}, config, 1), crop({500, 375}, config, 2));
}

TEST(DrawCrop, DrawsAreaAndRatioUniformly) {
  const AugmentConfig config;  // area share 0.2 to 1, ratio 3/4 to 4/3
  constexpr int kBins = 10, kDraws = 20000;
  std::vector<int> ratios(kBins), areas(kBins);
  for (uint64_t item = 0; item < kDraws; ++item) {
    const cv::Rect rect = crop({100000, 100000}, config, item);  // rounding does not show
    const double area = static_cast<double>(rect.width) * rect.height / 1e10;
    if (area > 0.74) continue;  // above, some ratios do not fit and are drawn again
    const double ratio =
        std::log(static_cast<double>(rect.width) / rect.height) / std::log(4.0 / 3);  // -1 to 1
    ++ratios[static_cast<size_t>(std::clamp((ratio + 1) / 2 * kBins, 0.0, kBins - 0.5))];
    ++areas[static_cast<size_t>(std::clamp((area - 0.2) / 0.54 * kBins, 0.0, kBins - 0.5))];
  }
  EXPECT_LT(chiSquare(ratios), 27.9);  // 9 degrees of freedom, 0.1 %
  EXPECT_LT(chiSquare(areas), 27.9);
}

TEST(DrawCrop, PlacesUniformlyIncludingBothEnds) {
  AugmentConfig config;
  config.scaleMin = config.scaleMax = 0.25;
  config.ratioMin = config.ratioMax = 1;
  std::vector<int> tops(7), lefts(7);
  for (uint64_t item = 0; item < 14000; ++item) {
    const cv::Rect rect = crop({12, 12}, config, item);
    ASSERT_EQ(rect.size(), cv::Size(6, 6));
    ++tops[static_cast<size_t>(rect.y)];
    ++lefts[static_cast<size_t>(rect.x)];
  }
  EXPECT_LT(chiSquare(tops), 22.5);  // 6 degrees of freedom, 0.1 %
  EXPECT_LT(chiSquare(lefts), 22.5);
}

TEST(DrawCrop, TopIsDrawnBeforeLeft) {
  AugmentConfig config;
  config.scaleMin = config.scaleMax = 0.25;
  config.ratioMin = config.ratioMax = 1;
  Rng expected = rngOf(3);
  expected.uniform(0.25, 0.25);
  expected.uniform(0, 0);
  const int top = static_cast<int>(expected.below(38)), left = static_cast<int>(expected.below(98));
  EXPECT_EQ(crop({160, 100}, config, 3), cv::Rect(left, top, 63, 63));
}

struct Rounding {
  const char* name;
  cv::Size image;
  double scale, ratio;
  cv::Size expected;
};

class DrawCropRounding : public testing::TestWithParam<Rounding> {};

TEST_P(DrawCropRounding, HalfToEven) {
  AugmentConfig config;
  config.scaleMin = config.scaleMax = GetParam().scale;
  config.ratioMin = config.ratioMax = GetParam().ratio;
  EXPECT_EQ(crop(GetParam().image, config).size(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Augment, DrawCropRounding,
                         testing::Values(Rounding{"TwoAndAHalf", {5, 5}, 0.25, 1, {2, 2}},
                                         Rounding{"ThreeAndAHalf", {7, 7}, 0.25, 1, {4, 4}},
                                         Rounding{"HalfIsZeroSoTheWhole", {1, 1}, 0.25, 1, {1, 1}},
                                         Rounding{"Exact", {10, 40}, 0.25, 1, {10, 10}}),
                         [](const auto& test) { return std::string(test.param.name); });

struct Fallback {
  const char* name;
  cv::Size image;
  cv::Rect expected;
};

class DrawCropFallback : public testing::TestWithParam<Fallback> {};

TEST_P(DrawCropFallback, LargestCentredRectangle) {
  AugmentConfig config;
  config.scaleMin = config.scaleMax = 4;  // never fits
  EXPECT_EQ(crop(GetParam().image, config), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Augment, DrawCropFallback,
    testing::Values(Fallback{"TooNarrow", {30, 101}, {0, 30, 30, 40}},  // 30 / 0.75 = 40, (101 - 40) div 2
                    Fallback{"TooNarrowRounded", {33, 100}, {0, 28, 33, 44}},
                    Fallback{"TooWide", {101, 30}, {30, 0, 40, 30}},
                    Fallback{"InRange", {100, 90}, {0, 0, 100, 90}},
                    Fallback{"OnePixel", {1, 1}, {0, 0, 1, 1}},
                    Fallback{"HalfToEven", {100, 1}, {49, 0, 1, 1}}),  // 1.33 -> 1, 99 div 2
    [](const auto& test) { return std::string(test.param.name); });

TEST(DrawFlip, HasItsProbability) {
  AugmentConfig config;
  for (const double probability : {0.0, 0.5, 1.0}) {
    config.flip = probability;
    int flips = 0;
    for (uint64_t item = 0; item < 10000; ++item) {
      Rng rng = rngOf(item, Purpose::kFlip);
      flips += drawFlip(config, rng) ? 1 : 0;
    }
    EXPECT_NEAR(flips, 10000 * probability, probability == 0.5 ? 165 : 0);  // 3.3 standard deviations
  }
}

}  // namespace
}  // namespace cv::mixmim
