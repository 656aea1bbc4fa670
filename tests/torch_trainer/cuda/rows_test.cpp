// The GPU kernels of rows against plain operators in float64.
#include <gtest/gtest.h>

#include "cuda/own_functions.hpp"
#include "tests/torch_trainer/cuda/gpu_kernels.hpp"

namespace cv::mixmim {
namespace {

using namespace test;

class GpuRows : public GpuKernels {};

struct NormCase {
  const char* name;
  int64_t images, tokens, width;
  bool x, branch, factors, wide;
  bool usesSum = true, usesOut = true;
};

/// One row, rows that leave a block half empty, rows of several warps, widths that leave lanes without work.
const NormCase kNorms[] = {
    {"one row", 1, 1, 16, true, true, false, false},
    {"four numbers", 3, 1, 4, true, true, false, false},
    {"odd rows, odd width", 3, 11, 44, true, true, false, false},
    {"factors", 3, 5, 32, true, true, true, false},
    {"a full warp", 2, 7, 256, true, true, true, false},
    {"two warps", 1, 5, 352, true, true, false, false},
    {"many warps", 1, 3, 2052, true, true, true, false},
    {"no branch", 2, 9, 48, true, false, false, false},
    {"no x", 2, 9, 48, false, true, false, true, false, true},
    {"out in the wide type", 2, 9, 48, true, true, false, true},
    {"only out is used", 2, 9, 48, true, true, true, false, false, true},
    {"only the sum is used", 2, 9, 48, true, true, true, false, true, false},
};

struct NormLeaves {
  Leaf x, branch, factors, gain, bias;
};

SumAndNorm plainNorm(const NormCase& norm, const NormLeaves& given) {
  at::Tensor sum = given.x.exact;
  if (norm.branch) {
    const at::Tensor scaled =
        norm.factors ? given.branch.exact * given.factors.exact.view({-1, 1, 1}) : given.branch.exact;
    sum = norm.x ? sum + scaled : scaled;
  }
  return {sum, at::layer_norm(sum, {norm.width}, given.gain.exact, given.bias.exact, kEps)};
}

/// The same gradients for both: numbers that the types of `got` hold.
void goBack(const NormCase& norm, const SumAndNorm& got, const SumAndNorm& wanted) {
  at::Tensor own = at::zeros({}, at::kDouble), exact = own;
  const auto weigh = [&](const at::Tensor& x, const at::Tensor& plain, uint64_t seed) {
    const at::Tensor weights = random(x.sizes(), seed, x.scalar_type());
    own = own + (x * weights.to(x.device())).sum().to(at::kDouble).cpu();
    exact = exact + (plain * weights.to(at::kDouble)).sum();
  };
  if (norm.usesSum && norm.x) weigh(got.sum, wanted.sum, 6);
  if (norm.usesOut) weigh(got.out, wanted.out, 7);
  own.backward();
  exact.backward();
}

TEST_P(GpuRows, NormaliseAgreesWithPlainOperatorsInFloat64) {
  for (const NormCase& norm : kNorms) {
    SCOPED_TRACE(norm.name);
    const std::vector<int64_t> shape{norm.images, norm.tokens, norm.width};
    NormLeaves given;
    if (norm.x) given.x = real(shape, 1);
    if (norm.branch) given.branch = stored(shape, 2);
    if (norm.factors)
      given.factors = {at::tensor({0.0, 1.25, 0.5}).narrow(0, 0, norm.images).to(types_.real), device_};
    given.gain = real({norm.width}, 3);
    given.bias = real({norm.width}, 4);
    const at::Tensor factors = norm.factors ? given.factors.own.detach() : at::Tensor();
    const SumAndNorm got = normalisedBy(
        kernels(), {given.x.own, given.branch.own, factors, given.gain.own, given.bias.own, kEps, norm.wide});
    const SumAndNorm wanted = plainNorm(norm, given);
    EXPECT_EQ(got.out.scalar_type(), norm.wide ? types_.real : types_.stored);
    EXPECT_LT(difference(got.out, wanted.out), norm.wide ? precision_.real : precision_.stored);
    EXPECT_EQ(got.sum.defined(), norm.x);
    if (norm.x) {
      EXPECT_LT(difference(got.sum, wanted.sum), precision_.real);
    }
    goBack(norm, got, wanted);
    if (norm.x) {
      EXPECT_LT(difference(given.x.own.grad(), given.x.exact.grad()), precision_.stored);
    }
    if (norm.branch) {
      EXPECT_LT(difference(given.branch.own.grad(), given.branch.exact.grad()), precision_.stored);
    }
    EXPECT_EQ(given.gain.own.grad().defined(), norm.usesOut);
    if (!norm.usesOut) continue;
    EXPECT_LT(difference(given.gain.own.grad(), given.gain.exact.grad()), precision_.stored);
    EXPECT_LT(difference(given.bias.own.grad(), given.bias.exact.grad()), precision_.stored);
  }
}

/// One row, ragged slabs, ragged columns, many slabs.
const std::vector<std::vector<int64_t>> kColumnShapes{{1, 4}, {7, 132}, {129, 40}, {650, 256}, {1000, 12}};

TEST_P(GpuRows, ColumnSumsAgreeWithPlainOperatorsInFloat64) {
  for (const auto& shape : kColumnShapes) {
    SCOPED_TRACE(::testing::PrintToString(shape));
    const at::Tensor x = random(shape, 1, types_.stored), sums = kernels().columnSums(there(x));
    EXPECT_EQ(sums.scalar_type(), types_.real);
    EXPECT_LT(difference(sums, x.to(at::kDouble).sum(0)), precision_.real);
  }
}

TEST_P(GpuRows, GeluAgreesWithPlainOperatorsInFloat64) {
  for (const auto& shape : kColumnShapes) {
    SCOPED_TRACE(::testing::PrintToString(shape));
    const Leaf x(random(shape, 1, types_.stored) * 3, device_);
    const at::Tensor gradient = random(shape, 2, types_.stored), own = there(gradient).clone();
    const at::Tensor wanted = at::gelu(x.exact);
    wanted.backward(gradient.to(at::kDouble));
    EXPECT_LT(difference(kernels().gelu(x.own.detach()), wanted), precision_.stored);
    const GeluGradients got = kernels().geluBackward(x.own.detach(), own);
    EXPECT_LT(difference(got.out, wanted), precision_.stored);
    EXPECT_LT(difference(own, x.exact.grad()), precision_.stored);
    EXPECT_LT(difference(got.sums, x.exact.grad().sum(0)), precision_.real);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GpuRows, ::testing::ValuesIn(kPrecisions), nameOfPrecision);

/// All that a step asks for, in one order of threads.
std::vector<at::Tensor> resultsIn(gpu::ThreadOrder order) {
  const HostKernels kernels({at::kFloat, at::kBFloat16}, order);
  const at::Tensor branch = random({2, 9, 516}, 2, at::kBFloat16),
                   gradient = random({40, 132}, 6, at::kBFloat16), pixels = bytes({2, 16, 16, 3}, 7),
                   cells = shuffled(4, 8);
  const NormInput input{
      random({2, 9, 516}, 1, at::kFloat), branch, at::ones({2}), random({516}, 3, at::kFloat),
      random({516}, 4, at::kFloat),       kEps,   false};
  const NormResult norm = kernels->addAndNormalise(input);
  const NormGradients back =
      kernels->normaliseBackward(input, norm, random({2, 9, 516}, 5, at::kBFloat16), norm.sum);
  const GeluGradients gelu = kernels->geluBackward(random({40, 132}, 5, at::kBFloat16), gradient);
  const LossAndGradient loss =
      kernels->reconstructionLoss(pixels, 8, cells, random({2, 4, 192}, 9, at::kBFloat16), true);
  return {norm.sum,  norm.out, norm.mean, norm.inverse, back.x,    back.branch,  back.gain,
          back.bias, gelu.out, gelu.sums, gradient,     loss.loss, loss.gradient};
}

TEST(GpuRowsAndPixels, ThreadsInAnyOrderGiveTheSameBits) {
  const auto ascending = resultsIn(gpu::ThreadOrder::kAscending),
             descending = resultsIn(gpu::ThreadOrder::kDescending);
  for (size_t i = 0; i < ascending.size(); ++i) EXPECT_TRUE(ascending[i].equal(descending[i])) << i;
}

}  // namespace
}  // namespace cv::mixmim
