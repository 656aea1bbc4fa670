#include "compute/row_kernels.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "network/linear.hpp"

namespace cv::mixmim {
namespace {

constexpr double kEps = 1e-5;

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// A float64 copy that wants a gradient.
at::Tensor exact(const at::Tensor& x) {
  return x.detach().to(at::kDouble).requires_grad_(true);
}

/// The largest difference, as a share of the largest number.
double difference(const at::Tensor& got, const at::Tensor& wanted) {
  const at::Tensor exactly = wanted.detach().to(at::kDouble);
  const double largest = exactly.abs().max().item<double>();
  return (got.detach().to(at::kDouble) - exactly).abs().max().item<double>() / std::max(largest, 1e-30);
}

constexpr double kRounding = 2e-6;  // of float32, in sums of some thousand terms

struct Size {
  int64_t rows, width;
};

std::string nameOf(const ::testing::TestParamInfo<Size>& instance) {
  return std::to_string(instance.param.rows) + "x" + std::to_string(instance.param.width);
}

/// Ragged numbers of rows; one width that is left to LibTorch.
const auto kSizes = ::testing::Values(Size{1, 16}, Size{7, 32}, Size{300, 48}, Size{1030, 64}, Size{33, 40},
                                      Size{129, 352}, Size{20, 2048});

class RowKernels : public ::testing::TestWithParam<Size> {};

/// What addAndNormalise() is asked for.
enum class Wanted { kBoth, kSum, kOut };

TEST_P(RowKernels, AddAndNormaliseAgreesWithPlainOperatorsInFloat64) {
  const auto [rows, width] = GetParam();
  const at::Tensor sumGradient = random({rows, width}, 5), outGradient = random({rows, width}, 6);
  for (const bool adds : {false, true}) {
    for (const Wanted wanted : {Wanted::kBoth, Wanted::kSum, Wanted::kOut}) {
      SCOPED_TRACE(cv::format("adds %d, wanted %d", adds, static_cast<int>(wanted)));
      const auto leaf = [](const at::Tensor& x) { return x.requires_grad_(true); };
      const at::Tensor x = leaf(random({rows, width}, 1)), added = leaf(random({rows, width}, 2)),
                       gain = leaf(random({width}, 3)), bias = leaf(random({width}, 4));
      const at::Tensor exactX = exact(x), exactAdded = exact(added), exactGain = exact(gain),
                       exactBias = exact(bias);
      const auto run = [&](const at::Tensor& a, const at::Tensor& b, const at::Tensor& g,
                           const at::Tensor& c) {
        const Normalised result = addAndNormalise(a, adds ? b : at::Tensor(), g, c, kEps);
        at::Tensor sum = at::zeros({}, a.options());
        if (wanted != Wanted::kOut) sum = sum + (result.sum * sumGradient.to(a.scalar_type())).sum();
        if (wanted != Wanted::kSum) sum = sum + (result.out * outGradient.to(a.scalar_type())).sum();
        sum.backward();
        return result;
      };
      const Normalised got = run(x, added, gain, bias), plain = run(exactX, exactAdded, exactGain, exactBias);
      EXPECT_LT(difference(got.sum, plain.sum), kRounding);
      EXPECT_LT(difference(got.out, plain.out), kRounding);
      EXPECT_LT(difference(x.grad(), exactX.grad()), kRounding);
      EXPECT_EQ(added.grad().defined(), adds);
      if (adds) {
        EXPECT_LT(difference(added.grad(), exactAdded.grad()), kRounding);
      }
      EXPECT_EQ(gain.grad().defined(), wanted != Wanted::kSum);
      if (wanted == Wanted::kSum) continue;
      EXPECT_LT(difference(gain.grad(), exactGain.grad()), kRounding);
      EXPECT_LT(difference(bias.grad(), exactBias.grad()), kRounding);
    }
  }
}

TEST_P(RowKernels, LinearLayersAgreeWithPlainOperatorsInFloat64) {
  const auto [rows, width] = GetParam();
  for (const auto& [gelu, outputs] : {std::pair(false, 10), {true, 10}, {false, 48}, {true, 48}}) {
    SCOPED_TRACE(std::to_string(outputs) + (gelu ? ", GELU" : ""));
    const at::Tensor x = random({rows, width}, 1).requires_grad_(true),
                     weight = random({outputs, width}, 2).requires_grad_(true),
                     bias = random({outputs}, 3).requires_grad_(true), gradient = random({rows, outputs}, 4);
    const at::Tensor exactX = exact(x), exactWeight = exact(weight), exactBias = exact(bias);
    const at::Tensor got =
        gelu ? geluLinear(x, weight, bias, at::kFloat) : linearLayer(x, weight, bias, at::kFloat);
    const at::Tensor wanted = at::linear(gelu ? at::gelu(exactX) : exactX, exactWeight, exactBias);
    got.backward(gradient);
    wanted.backward(gradient.to(at::kDouble));
    EXPECT_LT(difference(got, wanted), kRounding);
    EXPECT_LT(difference(x.grad(), exactX.grad()), kRounding);
    EXPECT_LT(difference(weight.grad(), exactWeight.grad()), kRounding);
    EXPECT_LT(difference(bias.grad(), exactBias.grad()), kRounding);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, RowKernels, kSizes, nameOf);

/// bfloat16 keeps 8 bits, which would show as 4e-3.
TEST(RowKernels, GradientsOfWeightsAreNotRoundedToTheTypeOfTheProducts) {
  const at::Tensor x = random({3000, 32}, 1).to(at::kBFloat16), y = random({3000, 24}, 2).to(at::kBFloat16);
  const LinearGradient got = linearGradient(x, y, at::kFloat);
  EXPECT_EQ(got.weight.scalar_type(), at::kFloat);
  EXPECT_LT(difference(got.weight, y.to(at::kDouble).t().matmul(x.to(at::kDouble))), kRounding);
  EXPECT_LT(difference(got.bias, y.to(at::kDouble).sum(0)), kRounding);
}

TEST(RowKernels, ThreadsDoNotChangeTheResult) {
  const int before = at::get_num_threads();
  const auto results = [&](int threads, int64_t rows, int64_t outputs) {
    at::set_num_threads(threads);
    const at::Tensor x = random({rows, 32}, 1).requires_grad_(true), added = random({rows, 32}, 2),
                     gain = random({32}, 3).requires_grad_(true), bias = random({32}, 4).requires_grad_(true),
                     weight = random({outputs, 32}, 5).requires_grad_(true);
    const Normalised normalised = addAndNormalise(x, added, gain, bias, kEps);
    const at::Tensor out = geluLinear(normalised.out, weight, std::nullopt, at::kFloat);
    out.square().sum().backward();
    return std::vector<at::Tensor>{out, x.grad(), gain.grad(), bias.grad(), weight.grad()};
  };
  // Rows for every thread, and so few that columns are divided.
  for (const auto& [rows, outputs] : {std::pair(9000, 208), {40, 1040}}) {
    const auto one = results(1, rows, outputs), three = results(3, rows, outputs);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(three[i])) << rows << ", " << i;
  }
  at::set_num_threads(before);
}

}  // namespace
}  // namespace cv::mixmim
