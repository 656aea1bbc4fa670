#include "kernels/attention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

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

/// Which rows of a matrix in memory the rows of an input are. Empty: they follow each other.
using Rows = std::vector<int32_t>;

/// In any order, among as many that nobody lists.
Rows anywhere(int count, uint64_t seed) {
  Rows rows(static_cast<size_t>(2 * count));
  std::iota(rows.begin(), rows.end(), 0);
  std::shuffle(rows.begin(), rows.end(), std::mt19937_64(seed));
  rows.resize(static_cast<size_t>(count));
  return rows;
}

/// A matrix in memory, with the steps of `like` and guards for numbers.
cv::Mat among(const cv::Mat& like, const Rows& rows, cv::Mat& whole, int first) {
  const int count = rows.empty() ? like.rows : 2 * like.rows;
  whole = cv::Mat(count, static_cast<int>(like.step1()), CV_32F, cv::Scalar(kGuard));
  return whole.colRange(first, first + like.cols);
}

/// The same with the numbers of `like` in its rows.
cv::Mat spread(const cv::Mat& like, const Rows& rows, cv::Mat& whole, int first) {
  cv::Mat memory = among(like, rows, whole, first);
  for (int i = 0; i < like.rows; ++i)
    like.row(i).copyTo(memory.row(rows.empty() ? i : rows[static_cast<size_t>(i)]));
  return memory;
}

/// What stands in those rows of a matrix in memory.
cv::Mat taken(const cv::Mat& memory, const Rows& rows) {
  if (rows.empty()) return memory;
  cv::Mat found;
  for (const int32_t row : rows) found.push_back(memory.row(row));
  return found;
}

/// How many numbers of `whole` are no longer guards.
int written(const cv::Mat& whole) {
  return cv::countNonZero(whole != kGuard);
}

int64_t stepOf(const cv::Mat& matrix) {
  return static_cast<int64_t>(matrix.step1());
}

/// What kernels make of an input whose rows stand in memory as listed, their gradients among guards.
struct Computed {
  Computed(const AttentionKernels& kernels, const Input& input, bool oneBias, bool wantsBias,
           const Rows& queryRows = {}, const Rows& keyRows = {})
      : bias(cv::Mat::ones(input.bias.size(), CV_32F)) {
    const int dim = input.size.dim;
    cv::Mat memory[3], sums;
    const cv::Mat givenQ = spread(input.q, queryRows, memory[0], 2);
    const cv::Mat givenOut = spread(input.outGradient, queryRows, memory[1], 4);
    const cv::Mat givenK = spread(input.k, keyRows, memory[2], 1);
    const cv::Mat givenV = memory[2].colRange(2 + dim, 2 + 2 * dim);
    for (int i = 0; i < input.size.keys; ++i)
      input.v.row(i).copyTo(givenV.row(keyRows.empty() ? i : keyRows[static_cast<size_t>(i)]));
    out = among(input.outGradient, queryRows, wholeOut, 4);
    q = among(input.q, queryRows, wholeQ, 2);
    k = among(input.k, keyRows, wholeKv, 1);
    v = wholeKv.colRange(2 + dim, 2 + 2 * dim);
    logSum = among(unwritten(input.size.queries, 1), queryRows, sums, 0);
    AttentionHead head{};
    head.queries = input.size.queries;
    head.keys = input.size.keys;
    head.dim = dim;
    head.scale = input.scale;
    head.q = givenQ.ptr<float>();
    head.k = givenK.ptr<float>();
    head.v = givenV.ptr<float>();
    head.qStep = stepOf(givenQ);
    head.kvStep = stepOf(givenK);
    head.queryRows = queryRows.empty() ? nullptr : queryRows.data();
    head.keyRows = keyRows.empty() ? nullptr : keyRows.data();
    head.bias = input.bias.ptr<float>();
    head.biasStep = oneBias ? 0 : stepOf(input.bias);
    head.out = out.ptr<float>();
    head.outStep = stepOf(out);
    head.logSum = logSum.ptr<float>();
    KernelScratch scratch;
    kernels.forward(head, scratch);
    kernels.backward(head,
                     {givenOut.ptr<float>(), q.ptr<float>(), k.ptr<float>(), v.ptr<float>(),
                      wantsBias ? bias.ptr<float>() : nullptr},
                     scratch);
    for (cv::Mat* matrix : {&out, &q, &logSum}) *matrix = taken(*matrix, queryRows);
    for (cv::Mat* matrix : {&k, &v}) *matrix = taken(*matrix, keyRows);
    EXPECT_EQ(written(sums), input.size.queries);
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
      EXPECT_EQ(written(got.wholeOut), size.queries * size.dim);
      EXPECT_EQ(written(got.wholeQ), size.queries * size.dim);
      EXPECT_EQ(written(got.wholeKv), size.keys * 2 * size.dim);
    }
}

/// Either list alone, and both: the same numbers as from rows that follow each other, and float64's.
TEST_P(Attention, TakesRowsFromAnywhere) {
  const Size size = GetParam();
  const Input input(size);
  const Rows queryRows = anywhere(size.queries, 5), keyRows = anywhere(size.keys, 6);
  const Results wanted = plainly(input, false);
  for (const AttentionKernels* kernels : attentionKernels()) {
    const Computed following(*kernels, input, false, /*wantsBias=*/true);
    for (const auto& [queries, keys] :
         {std::pair(queryRows, Rows()), {Rows(), keyRows}, {queryRows, keyRows}}) {
      SCOPED_TRACE(
          cv::format("%s, listed: %zu queries, %zu keys", kernels->name, queries.size(), keys.size()));
      const Computed got(*kernels, input, false, /*wantsBias=*/true, queries, keys);
      expectAgreement(got, wanted);
      for (const auto& [listed, other] : {std::pair(got.out, following.out),
                                          {got.logSum, following.logSum},
                                          {got.q, following.q},
                                          {got.k, following.k},
                                          {got.v, following.v},
                                          {got.bias, following.bias}})
        EXPECT_EQ(cv::norm(listed, other, cv::NORM_INF), 0);
      EXPECT_EQ(written(got.wholeOut), size.queries * size.dim);
      EXPECT_EQ(written(got.wholeQ), size.queries * size.dim);
      EXPECT_EQ(written(got.wholeKv), size.keys * 2 * size.dim);
    }
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
