#include "kernels/convolution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/kernels/matrices.hpp"

namespace cv::mixmim::test {
namespace {

constexpr double kRounding = 2e-6;  // of float32, in sums of some hundred terms

/// A grid of tokens, its channels, and whether it is a mixture: then tokens stand image by image, and only
/// those of one image are neighbours.
struct Shape {
  int width, height, channels;
  bool mixed;
};

/// Odd sides, fewer tokens than a group has, ragged groups, an odd number of registers.
constexpr Shape kShapes[] = {{1, 1, 16, false}, {3, 2, 48, false}, {7, 5, 16, true},
                             {8, 9, 64, true},  {5, 1, 80, true},  {13, 11, 112, false}};

std::vector<int> orderOf(const Shape& shape) {
  std::vector<int> order;
  for (int image = 0; image < 2; ++image)
    for (int i = 0; i < shape.width * shape.height; ++i)
      if (image == (shape.mixed && i % 3 == 1)) order.push_back(i);
  return order;
}

/// tokens x kTaps
cv::Mat neighboursOf(const Shape& shape) {
  const std::vector<int> order = orderOf(shape);
  const auto group = [&](int raster) { return shape.mixed && raster % 3 == 1; };
  std::vector<int> place(order.size());
  for (size_t k = 0; k < order.size(); ++k) place[static_cast<size_t>(order[k])] = static_cast<int>(k);
  cv::Mat neighbours(static_cast<int>(order.size()), kTaps, CV_32S, cv::Scalar(-1));
  for (int k = 0; k < neighbours.rows; ++k)
    for (int o = 0; o < kTaps; ++o) {
      const int raster = order[static_cast<size_t>(k)];
      const int x = raster % shape.width + o % 3 - 1, y = raster / shape.width + o / 3 - 1;
      const int other = y * shape.width + x;
      if (x >= 0 && x < shape.width && y >= 0 && y < shape.height && group(raster) == group(other))
        neighbours.at<int>(k, o) = place[static_cast<size_t>(other)];
    }
  return neighbours;
}

/// A convolution and the gradient of its result.
struct Convolution {
  explicit Convolution(const Shape& shape)
      : neighbours(neighboursOf(shape)),
        x(randomMatrix(neighbours.rows, shape.channels, 1)),
        taps(randomMatrix(kTaps, shape.channels, 2)),
        bias(randomMatrix(1, shape.channels, 3)),
        outGradient(randomMatrix(neighbours.rows, shape.channels, 4)) {}

  int tokens() const { return x.rows; }
  int channels() const { return x.cols; }

  cv::Mat neighbours, x, taps, bias, outGradient;
};

cv::Mat gelu(const cv::Mat& x) {
  cv::Mat result = x.clone();
  for (auto value = result.begin<double>(); value != result.end<double>(); ++value)
    *value = 0.5 * *value * (1 + std::erf(*value / std::sqrt(2.0)));
  return result;
}

cv::Mat plainly(const Convolution& all, bool residual) {
  const cv::Mat x = exact(all.x), taps = exact(all.taps);
  cv::Mat out = cv::repeat(exact(all.bias), all.tokens(), 1);
  if (residual) out += x;
  for (int t = 0; t < all.tokens(); ++t)
    for (int o = 0; o < kTaps; ++o)
      if (const int from = all.neighbours.at<int>(t, o); from >= 0)
        out.row(t) += taps.row(o).mul(x.row(from));
  return out;
}

/// In two calls, because the tokens of an image are divided among threads.
cv::Mat computed(const ConvolutionKernels& kernels, const Convolution& all, bool residual, bool withGelu) {
  cv::Mat out = unwritten(all.tokens(), all.channels());
  KernelScratch scratch;
  const int half = all.tokens() / 2;
  for (const auto& [first, end] : {std::pair(0, half), {half, all.tokens()}}) {
    DepthwiseRows rows{};
    rows.tokens = end - first;
    rows.width = all.channels();
    rows.x = all.x.ptr<float>();
    rows.neighbours = all.neighbours.ptr<int>(first);
    rows.taps = all.taps.ptr<float>();
    rows.bias = all.bias.ptr<float>();
    rows.out = out.ptr<float>(first);
    rows.residual = residual;
    rows.gelu = withGelu;
    kernels.depthwise(rows, scratch);
  }
  return out;
}

struct Gradients {
  cv::Mat x, taps, bias;
};

Gradients gradientsPlainly(const Convolution& all) {
  const cv::Mat x = exact(all.x), taps = exact(all.taps), out = exact(all.outGradient);
  Gradients own{cv::Mat::zeros(x.size(), CV_64F), cv::Mat::zeros(taps.size(), CV_64F), {}};
  cv::reduce(out, own.bias, 0, cv::REDUCE_SUM);
  for (int t = 0; t < all.tokens(); ++t)
    for (int o = 0; o < kTaps; ++o)
      if (const int from = all.neighbours.at<int>(t, o); from >= 0) {
        own.x.row(from) += taps.row(o).mul(out.row(t));
        own.taps.row(o) += x.row(from).mul(out.row(t));
      }
  return own;
}

Gradients gradientsComputed(const ConvolutionKernels& kernels, const Convolution& all) {
  Gradients sums{unwritten(all.tokens(), all.channels()), cv::Mat::zeros(kTaps, all.channels(), CV_32F),
                 cv::Mat::zeros(1, all.channels(), CV_32F)};
  KernelScratch scratch;
  const int half = all.tokens() / 2;
  for (const auto& [first, end] : {std::pair(0, half), {half, all.tokens()}}) {
    cv::Mat taps = unwritten(kTaps, all.channels()), bias = unwritten(1, all.channels());
    DepthwiseGradient gradient{};
    gradient.tokens = end - first;
    gradient.width = all.channels();
    gradient.x = all.x.ptr<float>(first);
    gradient.out = all.outGradient.ptr<float>();
    gradient.neighbours = all.neighbours.ptr<int>(first);
    gradient.taps = all.taps.ptr<float>();
    gradient.xGradient = sums.x.ptr<float>(first);
    gradient.tapParts = taps.ptr<float>();
    gradient.biasParts = bias.ptr<float>();
    kernels.depthwiseBackward(gradient, scratch);
    sums.taps += taps;
    sums.bias += bias;
  }
  return sums;
}

class Depthwise : public ::testing::TestWithParam<Shape> {};

TEST_P(Depthwise, AgreesWithPlainLoopsInFloat64) {
  const Convolution convolution(GetParam());
  for (const ConvolutionKernels* kernels : convolutionKernels())
    for (const bool residual : {false, true})
      for (const bool withGelu : {false, true}) {
        SCOPED_TRACE(std::string(kernels->name) + (residual ? ", residual" : "") +
                     (withGelu ? ", GELU" : ""));
        const cv::Mat wanted = plainly(convolution, residual);
        EXPECT_LT(
            difference(computed(*kernels, convolution, residual, withGelu), withGelu ? gelu(wanted) : wanted),
            kRounding);
      }
}

TEST_P(Depthwise, GradientsAgreeWithPlainLoopsInFloat64) {
  const Convolution convolution(GetParam());
  const Gradients wanted = gradientsPlainly(convolution);
  for (const ConvolutionKernels* kernels : convolutionKernels()) {
    SCOPED_TRACE(kernels->name);
    const Gradients got = gradientsComputed(*kernels, convolution);
    EXPECT_LT(difference(got.x, wanted.x), kRounding);
    EXPECT_LT(difference(got.taps, wanted.taps), kRounding);
    EXPECT_LT(difference(got.bias, wanted.bias), kRounding);
  }
}

/// The gradient of x relies on it.
TEST_P(Depthwise, NeighboursAreMutual) {
  const cv::Mat neighbours = neighboursOf(GetParam());
  for (int t = 0; t < neighbours.rows; ++t) {
    EXPECT_EQ(neighbours.at<int>(t, kMiddleTap), t);
    for (int o = 0; o < kTaps; ++o)
      if (const int other = neighbours.at<int>(t, o); other >= 0) {
        EXPECT_EQ(neighbours.at<int>(other, kTaps - 1 - o), t) << t << ", " << o;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Depthwise, ::testing::ValuesIn(kShapes), [](const auto& instance) {
  const Shape& shape = instance.param;
  return std::to_string(shape.width) + "x" + std::to_string(shape.height) + "x" +
         std::to_string(shape.channels) + (shape.mixed ? "mixed" : "");
});

/// Another image's numbers, however odd, do not reach a token.
TEST(Depthwise, SeesNothingOfTheOtherImage) {
  Convolution mixture({8, 9, 32, true});
  const int other = 2 * mixture.tokens() / 3;
  for (const ConvolutionKernels* kernels : convolutionKernels()) {
    SCOPED_TRACE(kernels->name);
    const cv::Mat before = computed(*kernels, mixture, false, false);
    Convolution changed = mixture;
    changed.x = mixture.x.clone();
    changed.x.rowRange(other, changed.tokens()).setTo(std::numeric_limits<float>::infinity());
    const cv::Mat after = computed(*kernels, changed, false, false);
    EXPECT_EQ(cv::norm(before.rowRange(0, other), after.rowRange(0, other), cv::NORM_INF), 0);
  }
}

/// Members that are repeated, left out and missing, of `width` numbers among `step`.
struct Members {
  int width, step;
};

class Gather : public ::testing::TestWithParam<Members> {
 protected:
  static constexpr int kSources = 11, kRows = 6, kMembers = 5;

  cv::Mat list() const {
    cv::Mat rows(kRows, kMembers, CV_32S);
    cv::RNG(7).fill(rows, cv::RNG::UNIFORM, -1, kSources - 1);
    return rows;
  }
};

TEST_P(Gather, PutsRowsSideBySide) {
  const auto [width, step] = GetParam();
  const cv::Mat x = randomMatrix(kSources, step, 1), rows = list();
  ASSERT_GT(cv::countNonZero(rows < 0), 0);
  for (const ConvolutionKernels* kernels : convolutionKernels()) {
    SCOPED_TRACE(kernels->name);
    cv::Mat out(kRows * kMembers, step, CV_32F, cv::Scalar(7));
    kernels->gather({kRows, kMembers, width, step, x.ptr<float>(), rows.ptr<int>(), out.ptr<float>()});
    cv::Mat wanted(out.size(), CV_32F, cv::Scalar(7));
    for (int i = 0; i < wanted.rows; ++i) {
      const int from = rows.at<int>(i / kMembers, i % kMembers);
      wanted.row(i).colRange(0, width).setTo(0);
      if (from >= 0) x.row(from).colRange(0, width).copyTo(wanted.row(i).colRange(0, width));
    }
    EXPECT_EQ(cv::norm(out, wanted, cv::NORM_INF), 0);
  }
}

TEST_P(Gather, GradientIsAddedUp) {
  const auto [width, step] = GetParam();
  const cv::Mat gradient = randomMatrix(kRows * kMembers, step, 1), rows = list();
  cv::Mat wanted = cv::Mat::ones(kSources, step, CV_64F);
  for (int i = 0; i < gradient.rows; ++i)
    if (const int from = rows.at<int>(i / kMembers, i % kMembers); from >= 0)
      wanted.row(from).colRange(0, width) += exact(gradient.row(i).colRange(0, width));
  for (const ConvolutionKernels* kernels : convolutionKernels()) {
    SCOPED_TRACE(kernels->name);
    cv::Mat x = cv::Mat::ones(kSources, step, CV_32F);
    kernels->gatherBackward(
        {kRows, kMembers, width, step, gradient.ptr<float>(), rows.ptr<int>(), x.ptr<float>()});
    EXPECT_LT(difference(x, wanted), kRounding);
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Gather,
                         ::testing::Values(Members{3, 3}, Members{16, 16}, Members{32, 80}, Members{37, 64}),
                         [](const auto& instance) {
                           return std::to_string(instance.param.width) + "of" +
                                  std::to_string(instance.param.step);
                         });

}  // namespace
}  // namespace cv::mixmim::test
