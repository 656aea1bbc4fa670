#include "products/linear.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

cv::Mat noise(int rows, int columns, uint64_t seed) {
  cv::Mat numbers(rows, columns, CV_32F);
  cv::RNG(seed).fill(numbers, cv::RNG::NORMAL, 0, 1);
  return numbers;
}

cv::Mat asDouble(const cv::Mat& numbers) {
  cv::Mat exact;
  numbers.convertTo(exact, CV_64F);
  return exact;
}

/// What is wanted, in float64.
cv::Mat plainly(const cv::Mat& x, const cv::Mat& weight, const cv::Mat& bias, After after,
                const cv::Mat& before) {
  cv::Mat y = asDouble(x) * asDouble(weight).t() + cv::repeat(asDouble(bias).t(), x.rows, 1);
  if (after == After::kAdd) y += asDouble(before);
  if (after == After::kGelu)
    for (auto it = y.begin<double>(); it != y.end<double>(); ++it)
      *it *= 0.5 * std::erfc(-*it / std::sqrt(2.0));
  return y;
}

struct Size {
  int rows, inputs, outputs;
};
constexpr Size kSizes[] = {{1, 16, 16},    {2, 48, 7},  {5, 100, 33}, {49, 64, 192},
                           {98, 512, 128}, {5, 96, 80}, {35, 96, 97}};
constexpr After kEnds[] = {After::kStore, After::kGelu, After::kAdd};

template <class Make>
void compare(const Make& make, double tolerance) {
  for (const Size& size : kSizes)
    for (const After after : kEnds) {
      SCOPED_TRACE(
          cv::format("%d x %d -> %d, %d", size.rows, size.inputs, size.outputs, static_cast<int>(after)));
      const cv::Mat x = noise(size.rows, size.inputs, 1), weight = noise(size.outputs, size.inputs, 2),
                    bias = noise(size.outputs, 1, 3), before = noise(size.rows, size.outputs, 4);
      const auto linear = make(weight, bias, after);
      EXPECT_EQ(linear->inputs(), size.inputs);
      EXPECT_EQ(linear->outputs(), size.outputs);
      linear->prepare(size.rows + 3);  // of several, in any order
      linear->prepare(size.rows);
      cv::Mat y = before.clone();
      (*linear)(size.rows, x.ptr<float>(), y.ptr<float>());
      const cv::Mat wanted = plainly(x, weight, bias, after, before);
      EXPECT_LT(cv::norm(asDouble(y), wanted, cv::NORM_INF), tolerance * std::sqrt(size.inputs));
      if (!linear->dividesColumns()) continue;
      cv::Mat parts = before.clone();
      for (int first = 0; first < size.outputs; first += 2 * PackedLinear::kColumnMultiple)
        linear->columns(first, std::min(2 * PackedLinear::kColumnMultiple, size.outputs - first), size.rows,
                        x.ptr<float>(), parts.ptr<float>());
      EXPECT_EQ(cv::norm(parts, y, cv::NORM_INF), 0) << "columns by themselves";
    }
}

TEST(Linear, IsTheProduct) {
  compare(makeLinear, 4e-6);
}

/// Numbers around 1 span 8 at most: both factors are off by about 0.01 of 1, at random.
TEST(Linear, OfBytesIsNearTheProduct) {
  if (!multipliesBytes()) GTEST_SKIP() << "this processor has no products of bytes";
  compare(makeInt8Linear, 0.06);
}

TEST(RowNorm, HasMeanZeroAndVarianceOne) {
  constexpr double kEpsilon = 0.5;
  const cv::Mat x = noise(37, 96, 5) * 3 + 7;
  RowNorm norm(96, kEpsilon);
  norm.prepare(37);
  cv::Mat y(x.size(), CV_32F);
  norm(37, x.ptr<float>(), y.ptr<float>());
  for (int i = 0; i < x.rows; ++i) {
    cv::Scalar mean, deviation, before, spread;
    cv::meanStdDev(asDouble(y.row(i)), mean, deviation);
    cv::meanStdDev(asDouble(x.row(i)), before, spread);
    EXPECT_NEAR(mean[0], 0, 1e-5);
    EXPECT_NEAR(deviation[0], spread[0] / std::sqrt(spread[0] * spread[0] + kEpsilon), 1e-5);
  }
}

}  // namespace
}  // namespace cv::mixmim
