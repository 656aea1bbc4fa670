#include "kernels/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/kernels/matrices.hpp"

namespace cv::mixmim::test {
namespace {

constexpr double kRounding = 2e-5;  // of float32, in sums of some hundred terms around 1
constexpr float kGuard = 7;

struct Size {
  int queries, keys, dim;
};

/// Ragged numbers of queries and keys, an odd number of registers, more keys than a register has bits.
constexpr Size kSizes[] = {{1, 1, 16},   {3, 33, 16},   {25, 24, 32}, {98, 98, 32},
                           {24, 49, 32}, {17, 196, 48}, {40, 64, 64}, {8, 32, 128}};

/// What a head reads: its columns stand between others, as in a layer's rows of q, k, v.
struct Input {
  explicit Input(const Size& s, double scaleOfScores = 1)
      : size(s),
        scale(static_cast<float>(scaleOfScores / std::sqrt(static_cast<double>(s.dim)))),
        q(randomMatrix(s.queries, s.dim + 5, 1).colRange(2, 2 + s.dim)),
        keysAndValues(randomMatrix(s.keys, 2 * s.dim + 3, 2)),
        k(keysAndValues.colRange(1, 1 + s.dim)),
        v(keysAndValues.colRange(2 + s.dim, 2 + 2 * s.dim)),
        bias(s.queries, static_cast<int>(paddedKeys(s.keys)), CV_32F, cv::Scalar(-INFINITY)),
        outGradient(randomMatrix(s.queries, s.dim + 9, 4).colRange(4, 4 + s.dim)) {
    randomMatrix(s.queries, s.keys, 3).copyTo(bias.colRange(0, s.keys));
  }

  Size size;
  float scale;
  cv::Mat q, keysAndValues, k, v, bias, outGradient;
};

struct Results {
  cv::Mat out, logSum, q, k, v, bias;
};

/// The formulas of attention and its gradients.
Results plainly(const Input& input, bool oneBias) {
  const cv::Mat q = exact(input.q), k = exact(input.k), v = exact(input.v),
                outGradient = exact(input.outGradient), bias = exact(input.bias);
  const double scale = double{input.scale};
  cv::Mat p = scale * q * k.t(), logSum(p.rows, 1, CV_64F);
  for (int i = 0; i < p.rows; ++i) {
    cv::Mat row = p.row(i);
    row += bias.row(oneBias ? 0 : i).colRange(0, p.cols);
    cv::exp(row, row);
    const double sum = cv::sum(row)[0];
    logSum.at<double>(i) = std::log(sum);
    row /= sum;
  }
  cv::Mat inner, scores = outGradient * v.t();
  cv::reduce(p.mul(scores), inner, 1, cv::REDUCE_SUM);
  scores = p.mul(scores - cv::repeat(inner, 1, p.cols));
  return {p * v, logSum, scale * scores * k, scale * scores.t() * q, p.t() * outGradient, scores};
}

/// A matrix among guards, with the steps of another.
cv::Mat among(const cv::Mat& like, cv::Mat& whole, int first) {
  whole = cv::Mat(like.rows, static_cast<int>(like.step1()), CV_32F, cv::Scalar(kGuard));
  return whole.colRange(first, first + like.cols);
}

/// How many numbers of `whole` are still guards.
int guardsLeft(const cv::Mat& whole) {
  return cv::countNonZero(whole == kGuard);
}

int64_t stepOf(const cv::Mat& matrix) {
  return static_cast<int64_t>(matrix.step1());
}

/// What kernels make of an input, their gradients among guards.
struct Computed {
  Computed(const AttentionKernels& kernels, const Input& input, bool oneBias, bool wantsBias)
      : logSum(unwritten(input.size.queries, 1)), bias(cv::Mat::ones(input.bias.size(), CV_32F)) {
    const int dim = input.size.dim;
    out = among(input.outGradient, wholeOut, 4);
    q = among(input.q, wholeQ, 2);
    k = among(input.k, wholeKv, 1);
    v = wholeKv.colRange(2 + dim, 2 + 2 * dim);
    AttentionHead head{};
    head.queries = input.size.queries;
    head.keys = input.size.keys;
    head.dim = dim;
    head.scale = input.scale;
    head.q = input.q.ptr<float>();
    head.k = input.k.ptr<float>();
    head.v = input.v.ptr<float>();
    head.qStep = stepOf(input.q);
    head.kvStep = stepOf(input.k);
    head.bias = input.bias.ptr<float>();
    head.biasStep = oneBias ? 0 : stepOf(input.bias);
    head.out = out.ptr<float>();
    head.outStep = stepOf(out);
    head.logSum = logSum.ptr<float>();
    KernelScratch scratch;
    kernels.forward(head, scratch);
    kernels.backward(head,
                     {input.outGradient.ptr<float>(), q.ptr<float>(), k.ptr<float>(), v.ptr<float>(),
                      wantsBias ? bias.ptr<float>() : nullptr},
                     scratch);
  }

  cv::Mat wholeOut, wholeQ, wholeKv, out, logSum, q, k, v, bias;
};

void expectAgreement(const Computed& got, const Results& wanted) {
  EXPECT_LT(difference(got.out, wanted.out), kRounding);
  EXPECT_LT(difference(got.logSum, wanted.logSum), kRounding);
  EXPECT_LT(difference(got.q, wanted.q), kRounding);
  EXPECT_LT(difference(got.k, wanted.k), kRounding);
  EXPECT_LT(difference(got.v, wanted.v), kRounding);
}

class Attention : public ::testing::TestWithParam<Size> {};

TEST_P(Attention, AgreesWithPlainLoopsInFloat64) {
  const Size size = GetParam();
  const Input input(size);
  for (const AttentionKernels* kernels : attentionKernels())
    for (const bool oneBias : {false, true}) {
      SCOPED_TRACE(std::string(kernels->name) + (oneBias ? ", one bias for all" : ""));
      const Results wanted = plainly(input, oneBias);
      const Computed got(*kernels, input, oneBias, /*wantsBias=*/true);
      expectAgreement(got, wanted);
      EXPECT_LT(difference(got.bias.colRange(0, size.keys), wanted.bias + 1), kRounding) << "added to ones";
      EXPECT_EQ(guardsLeft(got.wholeOut), 9 * size.queries);
      EXPECT_EQ(guardsLeft(got.wholeQ), 5 * size.queries);
      EXPECT_EQ(guardsLeft(got.wholeKv), 3 * size.keys);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Attention, ::testing::ValuesIn(kSizes), [](const auto& instance) {
  const Size& size = instance.param;
  return std::to_string(size.queries) + "x" + std::to_string(size.keys) + "x" + std::to_string(size.dim);
});

TEST(Attention, NeedNotGiveTheGradientOfTheBias) {
  const Input input({20, 30, 32});
  for (const AttentionKernels* kernels : attentionKernels()) {
    SCOPED_TRACE(kernels->name);
    const Computed got(*kernels, input, false, /*wantsBias=*/false);
    expectAgreement(got, plainly(input, false));
    EXPECT_EQ(cv::countNonZero(got.bias != 1), 0);
  }
}

TEST(Attention, SeesNothingOfKeysUnderAMask) {
  Input input({20, 30, 32});
  input.bias.colRange(7, 25).setTo(-INFINITY);
  for (const AttentionKernels* kernels : attentionKernels()) {
    SCOPED_TRACE(kernels->name);
    const Computed got(*kernels, input, false, true);
    expectAgreement(got, plainly(input, false));
    EXPECT_LT(cv::norm(got.k.rowRange(7, 25), cv::NORM_INF), 1e-30);
    EXPECT_LT(cv::norm(got.v.rowRange(7, 25), cv::NORM_INF), 1e-30);
  }
}

TEST(Attention, HugeScoresDoNotOverflow) {
  const Input input({9, 40, 16}, /*scaleOfScores=*/100);  // far beyond what exp() can take as float32
  for (const AttentionKernels* kernels : attentionKernels()) {
    SCOPED_TRACE(kernels->name);
    const Computed got(*kernels, input, false, true);
    const Results wanted = plainly(input, false);
    EXPECT_LT(difference(got.out, wanted.out), 1e-3);
    EXPECT_LT(difference(got.logSum, wanted.logSum), kRounding);
    for (const cv::Mat& gradient : {got.q, got.k, got.v}) EXPECT_TRUE(cv::checkRange(gradient));
  }
}

}  // namespace
}  // namespace cv::mixmim::test
