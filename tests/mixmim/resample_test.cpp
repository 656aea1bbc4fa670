#include "opencv2/mixmim/resample.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/random.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using test::equal;
using test::hashOf;
using test::noise;

cv::Mat resized(const cv::Mat& src, cv::Size size, bool mirror = false) {
  cv::Mat dst(size, src.type());
  Resampler().resize(src, mirror, dst);
  return dst;
}

struct Golden {
  int channels;
  cv::Size input, output;
  uint64_t hash;
};

// Printed by tests/golden/resample.py.

const Golden kPillow[] = {
    {3, {500, 375}, {224, 224}, 0x4f24c725f2341224}, {3, {375, 500}, {224, 224}, 0xed72ff036b515d12},
    {3, {97, 61}, {224, 224}, 0x1fce49875cb5a7f8},   {3, {1024, 33}, {224, 224}, 0xb4409c3b1e2ac840},
    {3, {224, 224}, {224, 224}, 0xed56c702d9c9eda8}, {3, {224, 100}, {224, 224}, 0x2b1cce4e3bfc2e6f},
    {3, {100, 224}, {224, 224}, 0x22ff986aac32c1c1}, {3, {224, 375}, {224, 224}, 0x8d7bc382317ea172},
    {3, {1, 1}, {64, 64}, 0xd1f5b8de118e3325},       {3, {1, 97}, {64, 64}, 0xf4813c6c43552aa5},
    {3, {97, 1}, {64, 64}, 0xf776316f0dc8f125},      {3, {2, 3}, {5, 7}, 0xd1f05222c4f9a7ae},
    {3, {225, 223}, {1, 1}, 0x2d34371adf582fad},     {3, {32, 32}, {64, 64}, 0x46c7970e5dc37343},
    {3, {64, 64}, {32, 32}, 0x0dc8498ed3840cbd},     {1, {333, 222}, {96, 144}, 0x44f1a1713d96286b},
    {4, {120, 90}, {31, 200}, 0xba2e0009b0a71244},
};

class PillowGolden : public testing::TestWithParam<Golden> {};

TEST_P(PillowGolden, SamePixelsFromAllKernels) {
  const Golden& golden = GetParam();
  const cv::Mat src = noise(golden.input, CV_8UC(golden.channels));
  for (const std::string& kernels : Resampler::kernels()) {
    cv::Mat dst(golden.output, src.type());
    Resampler(kernels).resize(src, false, dst);
    EXPECT_EQ(hashOf(dst), golden.hash) << kernels;
  }
}

std::string nameOf(const testing::TestParamInfo<Golden>& info) {
  const auto& [channels, in, out, hash] = info.param;
  return "Channels" + std::to_string(channels) + "From" + std::to_string(in.width) + "x" +
         std::to_string(in.height) + "To" + std::to_string(out.width) + "x" + std::to_string(out.height);
}

INSTANTIATE_TEST_SUITE_P(Resampler, PillowGolden, testing::ValuesIn(kPillow), nameOf);

TEST(Resampler, WindowIsPartOfTheWhole) {
  Resampler resampler;
  const cv::Size output(60, 45);
  for (const cv::Size input : {cv::Size(90, 31), {60, 100}, {20, 45}, {60, 45}}) {
    const cv::Mat src = noise(input, CV_8UC3), whole = resized(src, output);
    for (const cv::Rect window : {cv::Rect(0, 0, 60, 45), {0, 0, 1, 1}, {59, 44, 1, 1}, {7, 11, 30, 20}}) {
      for (const bool mirror : {false, true}) {
        cv::Mat part(window.size(), CV_8UC3), expected = whole(window).clone();
        if (mirror) cv::flip(expected, expected, 1);
        resampler.resize(src, output, window, mirror, part);
        EXPECT_TRUE(equal(part, expected)) << input << " " << window << " mirror " << mirror;
      }
    }
  }
}

/// An image that ends exactly where its memory ends, so that a sanitizer sees any read behind it.
cv::Mat tight(cv::Size size, int channels) {
  return noise(size, CV_8UC(channels)).clone();
}

TEST(Resampler, AllKernelsGiveTheSameBytes) {
  Rng rng(3, 0, 0, Purpose::kShapes);
  const auto side = [&] { return 1 + static_cast<int>(std::exp(rng.uniform(0, std::log(700.0)))); };
  for (int i = 0; i < 300; ++i) {
    const cv::Size input(side(), side()), output(side() / 2 + 1, side() / 2 + 1);
    const cv::Mat src = tight(input, 1 + i % 4);
    const bool mirror = rng.uniform() < 0.5;
    cv::Mat expected(output, src.type());
    Resampler("portable").resize(src, mirror, expected);
    for (const std::string& kernels : Resampler::kernels()) {
      cv::Mat dst(output, src.type());
      Resampler(kernels).resize(src, mirror, dst);
      ASSERT_TRUE(equal(dst, expected)) << kernels << ": " << input << " to " << output << ", mirror "
                                        << mirror << ", channels " << src.channels();
    }
  }
}

TEST(Resampler, AllKernelsGiveTheSameBytesAtTheExtremes) {
  for (const int value : {0, 255})
    for (const cv::Size input : {cv::Size(301, 217), {40, 50}}) {
      cv::Mat src = tight(input, 3);  // black and white only: the sums are as large as they can be
      for (int y = 0; y < src.rows; ++y)
        for (int x = 0; x < src.cols * 3; ++x) src.ptr(y)[x] = src.ptr(y)[x] < 128 ? 255 - value : value;
      cv::Mat expected(64, 64, CV_8UC3);
      Resampler("portable").resize(src, false, expected);
      for (const std::string& kernels : Resampler::kernels()) {
        cv::Mat dst(64, 64, CV_8UC3);
        Resampler(kernels).resize(src, false, dst);
        EXPECT_TRUE(equal(dst, expected)) << kernels << " " << input;
      }
    }
}

TEST(Resampler, KernelsAreChosenByName) {
  EXPECT_EQ(Resampler::kernels().back(), "portable");
  MIXMIM_EXPECT_ERROR(Resampler("MMX"), "Resampler: no kernels called 'MMX' on this processor");
}

TEST(Resampler, WritesOnlyItsSliceOfABatch) {
  cv::Mat batch(90, 40, CV_8UC3, cv::Scalar::all(7)), slice = batch(cv::Rect(5, 30, 30, 30));
  const cv::Mat src = noise({50, 20}, CV_8UC3);
  Resampler().resize(src, false, slice);
  EXPECT_TRUE(equal(batch(cv::Rect(5, 30, 30, 30)), resized(src, {30, 30})));
  slice.setTo(cv::Scalar::all(7));
  EXPECT_TRUE(equal(batch, cv::Mat(90, 40, CV_8UC3, cv::Scalar::all(7))));
}

TEST(Resampler, ReadsSubmatrices) {
  const cv::Mat large = noise({80, 70}, CV_8UC3), part = large(cv::Rect(9, 8, 50, 40));
  EXPECT_TRUE(equal(resized(part, {33, 44}), resized(part.clone(), {33, 44})));
}

TEST(BicubicAxis, WeightsOfEveryPositionSumToOne) {
  ResampleAxis axis;
  for (const auto& [input, output] : {std::pair{500, 224}, {224, 500}, {1, 64}, {65500, 3}, {7, 7}}) {
    bicubicAxis(input, output, 0, output, false, axis);
    for (int x = 0; x < output; ++x) {
      const int32_t* weights = &axis.weights[size_t(x) * axis.width];
      const double sum = std::accumulate(weights, weights + axis.count[x], 0.0);
      EXPECT_NEAR(sum, 1 << 22, axis.count[x]) << input << " to " << output << " at " << x;
      EXPECT_GE(axis.first[x], 0);
      EXPECT_LE(axis.first[x] + axis.count[x], input);
    }
  }
}

TEST(BicubicAxis, WeightsStayWithinTheirBounds) {
  constexpr int32_t kOne = 1 << 22;
  ResampleAxis axis;
  for (int input = 1; input <= 40; ++input)
    for (int output = 1; output <= 200; output += output < 40 ? 1 : 7) {
      bicubicAxis(input, output, 0, output, false, axis);
      const auto [least, most] = std::minmax_element(axis.weights.begin(), axis.weights.end());
      EXPECT_GE(*least, -kOne / 2) << input << " to " << output;
      EXPECT_LE(*most, kOne / 2 * 3) << input << " to " << output;
    }
}

TEST(BicubicAxis, RejectsPositionsOutside) {
  ResampleAxis axis;
  MIXMIM_EXPECT_ERROR(
      bicubicAxis(10, 5, 2, 6, false, axis),
      "bicubicAxis: expected positions inside [0, 5) and an input of at least 1, got [2, 6) of 10");
}

TEST(Resampler, RejectsWhatDoesNotFit) {
  Resampler resampler;
  const cv::Mat src = noise({8, 8}, CV_8UC3);
  cv::Mat small(3, 4, CV_8UC3), other(4, 4, CV_8UC1), none;
  MIXMIM_EXPECT_ERROR(
      resampler.resize(src, {4, 4}, {0, 0, 4, 4}, false, small),
      "Resampler: expected a destination of 4 x 4 and the source's type, got 4 x 3 of type CV_8UC3");
  MIXMIM_EXPECT_ERROR(
      resampler.resize(src, {4, 4}, {0, 0, 4, 4}, false, other),
      "Resampler: expected a destination of 4 x 4 and the source's type, got 4 x 4 of type CV_8UC1");
  MIXMIM_EXPECT_ERROR(resampler.resize(src, {4, 4}, {1, 0, 4, 4}, false, small),
                      "Resampler: expected a window inside 4 x 4, got 4 x 4 at (1, 0)");
  MIXMIM_EXPECT_ERROR(resampler.resize(none, false, small),
                      "Resampler: expected an 8-bit image of at least 1 x 1 pixels");
  cv::Mat five(4, 4, CV_8UC(5));
  MIXMIM_EXPECT_ERROR(resampler.resize(cv::Mat(8, 8, CV_8UC(5)), false, five),
                      "Resampler: expected 1 to 4 channels, got 5");
}

}  // namespace
}  // namespace cv::mixmim
