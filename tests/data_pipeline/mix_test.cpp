#include "data_pipeline/mix.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using test::equal;

cv::Mat maskOf(int cells, double ratio, double range, uint64_t step = 0) {
  MixConfig config;
  config.maskRatio = ratio;
  config.maskRatioRange = range;
  Rng rng(9, step, 0, Purpose::kMask);
  cv::Mat mask;
  drawMask({cells, cells}, config, rng, mask);
  return mask;
}

struct Count {
  int cells;
  double ratio;
  int ones;
};

TEST(DrawMask, CountsAreTruncated) {
  for (const Count& c : {Count{7, 0.5, 24}, Count{7, 0.0, 0}, Count{7, 1.0, 49}, Count{4, 0.5, 8},
                         Count{1, 0.5, 0}, Count{12, 0.6, 86}, Count{7, 0.49, 24}})
    for (uint64_t step = 0; step < 20; ++step)
      EXPECT_EQ(cv::countNonZero(maskOf(c.cells, c.ratio, 0, step)), c.ones) << c.cells << " " << c.ratio;
}

TEST(DrawMask, CellsAreZeroOrOneAndEquallyOften) {
  constexpr int kSteps = 4900;
  cv::Mat sum = cv::Mat::zeros(7, 7, CV_32S);
  for (uint64_t step = 0; step < kSteps; ++step) {
    const cv::Mat mask = maskOf(7, 0.5, 0, step);
    for (int i = 0; i < 49; ++i) {
      ASSERT_LE(mask.data[i], 1);
      sum.at<int>(i / 7, i % 7) += mask.data[i];
    }
  }
  constexpr double kExpected = kSteps * 24.0 / 49;
  double chiSquare = 0;
  for (int i = 0; i < 49; ++i) {
    const double count = sum.at<int>(i / 7, i % 7);
    chiSquare += (count - kExpected) * (count - kExpected) / (kExpected * 25 / 49);
  }
  EXPECT_LT(chiSquare * 48 / 49, 84.0);  // 48 degrees of freedom, 0.1 %
}

TEST(DrawMask, RangeRaisesTheRatio) {
  int least = 49, most = 0;
  for (uint64_t step = 0; step < 500; ++step) {
    const int ones = cv::countNonZero(maskOf(7, 0.5, 0.25, step));
    least = std::min(least, ones);
    most = std::max(most, ones);
  }
  EXPECT_EQ(least, 24);
  EXPECT_EQ(most, 36);  // 49 * 0.75 = 36.75
}

cv::Mat batchOf(int images, int size, int offset = 0) {
  const int sizes[] = {images, size, size, 3};
  cv::Mat batch(4, sizes, CV_8U);
  for (int i = 0; i < images; ++i) {
    const cv::Mat image = test::noise({size, size}, CV_8UC3, static_cast<uint32_t>(i + offset + 1));
    std::copy_n(image.data, batch.step[0], batch.ptr(i));
  }
  return batch;
}

class MixPairs : public testing::TestWithParam<int> {};

TEST_P(MixPairs, CellsComeFromWhereTheMaskSays) {
  constexpr int kSize = 28, kCells = 7, kCell = 4;
  const int images = GetParam();
  const cv::Mat before = batchOf(images, kSize), mask = maskOf(kCells, 0.5, 0);
  cv::Mat after = before.clone();
  mixPairs(after, mask);
  for (int i = 0; i < images; ++i)
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x) {
        const int from = mask.at<uint8_t>(y / kCell, x / kCell) ? images - 1 - i : i;
        for (int c = 0; c < 3; ++c) {
          const int to[] = {i, y, x, c}, source[] = {from, y, x, c};
          ASSERT_EQ(after.at<uint8_t>(to), before.at<uint8_t>(source));
        }
      }
}

TEST_P(MixPairs, TwiceIsNothing) {
  const cv::Mat before = batchOf(GetParam(), 64), mask = maskOf(4, 0.5, 0);
  cv::Mat batch = before.clone();
  mixPairs(batch, mask);
  EXPECT_EQ(equal(batch, before), GetParam() == 1);
  mixPairs(batch, mask);
  EXPECT_TRUE(equal(batch, before));
}

INSTANTIATE_TEST_SUITE_P(Mix, MixPairs, testing::Values(1, 2, 3, 8, 9));

TEST(MixPairs, RefusesWhatDoesNotFit) {
  cv::Mat batch = batchOf(2, 28), flat(28, 28, CV_8UC3);
  const cv::Mat mask = maskOf(7, 0.5, 0);
  MIXMIM_EXPECT_ERROR(mixPairs(flat, mask), "mixPairs: expected images of N x H x W x 3 bytes");
  MIXMIM_EXPECT_ERROR(mixPairs(batch, maskOf(5, 0.5, 0)),
                      "mixPairs: expected a mask that divides 28 x 28 into squares, got 5 x 5");
}

// The upper right of three cells by two.
TEST(MixPairs, SwapsCellsOfRectangles) {
  const int shape[] = {2, 8, 12, 3};
  cv::Mat batch(4, shape, CV_8U);
  std::fill_n(batch.ptr(0), batch.step[0], uint8_t{1});
  std::fill_n(batch.ptr(1), batch.step[0], uint8_t{2});
  const cv::Mat mask = (cv::Mat_<uint8_t>(2, 3) << 0, 0, 1, 0, 0, 0);
  mixPairs(batch, mask);
  for (int image = 0; image < 2; ++image) {
    const cv::Mat mixed(8, 12, CV_8UC3, batch.ptr(image));
    cv::Mat expected(8, 12, CV_8UC3, cv::Scalar::all(1 + image));
    expected(cv::Rect(8, 0, 4, 4)).setTo(cv::Scalar::all(2 - image));
    EXPECT_EQ(cv::norm(mixed, expected, cv::NORM_INF), 0) << image;
  }
}

}  // namespace
}  // namespace cv::mixmim
