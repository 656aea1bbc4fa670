#include "plugins/torch_trainer/row_kernels.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include <opencv2/core.hpp>

#include "kernels/layers.hpp"
#include "plugins/torch_trainer/linear.hpp"

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

class LayerKernelsTest : public ::testing::TestWithParam<Size> {};

TEST_P(LayerKernelsTest, NormAgreesWithFloat64) {
  const auto [rows, width] = GetParam();
  if (width % kWidthMultiple != 0) GTEST_SKIP() << "not a width of the kernels";
  const at::Tensor x = random({rows, width}, 1), added = random({rows, width}, 2) + 3,
                   gain = random({width}, 3), bias = random({width}, 4),
                   outGradient = random({rows, width}, 5), past = random({rows, width}, 6);
  const at::Tensor exactSum = exact(x.to(at::kDouble) + added), exactGain = exact(gain),
                   exactBias = exact(bias);
  const at::Tensor wanted = at::layer_norm(exactSum, {width}, exactGain, exactBias, kEps);
  ((wanted * outGradient).sum() + (exactSum * past).sum()).backward();
  for (const LayerKernels* kernels : layerKernels()) {
    SCOPED_TRACE(kernels->name);
    const at::Tensor sum = at::empty_like(x), out = at::empty_like(x), mean = at::empty({rows}),
                     inverse = at::empty({rows}), gx = at::empty_like(x), ggain = at::empty({width}),
                     gbias = at::empty({width});
    kernels->norm({rows, width, width, x.data_ptr<float>(), added.data_ptr<float>(), sum.data_ptr<float>(),
                   gain.data_ptr<float>(), bias.data_ptr<float>(), static_cast<float>(kEps),
                   out.data_ptr<float>(), mean.data_ptr<float>(), inverse.data_ptr<float>()});
    kernels->normBackward({rows, width, sum.data_ptr<float>(), mean.data_ptr<float>(),
                           inverse.data_ptr<float>(), gain.data_ptr<float>(), outGradient.data_ptr<float>(),
                           past.data_ptr<float>(), gx.data_ptr<float>(), ggain.data_ptr<float>(),
                           gbias.data_ptr<float>()});
    EXPECT_TRUE(sum.equal(x + added));
    EXPECT_LT(difference(out, wanted), kRounding);
    EXPECT_LT(difference(gx, exactSum.grad()), kRounding);
    EXPECT_LT(difference(ggain, exactGain.grad()), kRounding);
    EXPECT_LT(difference(gbias, exactBias.grad()), kRounding);
  }
}

TEST_P(LayerKernelsTest, WeightGradientAgreesWithFloat64) {
  const auto [rows, inputs] = GetParam();
  if (inputs % kWidthMultiple != 0) GTEST_SKIP() << "not a width of the kernels";
  for (const int64_t outputs : {1, 10, 48}) {
    const at::Tensor x = random({rows, inputs}, 1), all = random({rows, outputs + 3}, 2);
    const at::Tensor y = all.narrow(1, 2, outputs);
    const at::Tensor wanted = y.to(at::kDouble).t().matmul(x.to(at::kDouble));
    for (const LayerKernels* kernels : layerKernels()) {
      SCOPED_TRACE(cv::format("%s, %d outputs", kernels->name, static_cast<int>(outputs)));
      const at::Tensor weight = at::full({outputs, inputs}, NAN), bias = at::full({outputs}, NAN);
      const at::Tensor packed = at::empty({PackedRows::sizeOf(rows, inputs)});
      kernels->packRows({rows, inputs, x.data_ptr<float>(), packed.data_ptr<float>()});
      KernelScratch scratch;
      kernels->weightGradient({rows, inputs, outputs, packed.data_ptr<float>(), y.data_ptr<float>(),
                               outputs + 3, weight.data_ptr<float>(), bias.data_ptr<float>()},
                              scratch);
      EXPECT_LT(difference(weight, wanted), kRounding);
      EXPECT_LT(difference(bias, y.to(at::kDouble).sum(0)), kRounding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LayerKernelsTest, kSizes, nameOf);

TEST(LayerKernels, GeluIsExactToRounding) {
  const at::Tensor x = at::linspace(-12, 12, 240016), gradient = random(x.sizes(), 1);
  const at::Tensor exactX = exact(x);
  const at::Tensor below = at::special_erfc(-exactX * M_SQRT1_2) / 2, wanted = exactX * below;
  wanted.backward(gradient.to(at::kDouble));
  const at::Tensor near = x.abs() < 3;
  for (const LayerKernels* kernels : layerKernels()) {
    SCOPED_TRACE(kernels->name);
    const at::Tensor out = at::empty_like(x), again = at::empty_like(x), got = gradient.clone();
    kernels->gelu(x.data_ptr<float>(), x.numel(), out.data_ptr<float>());
    kernels->geluBackward(x.data_ptr<float>(), x.numel(), got.data_ptr<float>(), again.data_ptr<float>());
    EXPECT_TRUE(again.equal(out));
    constexpr double kLast = 1.2e-7;  // the last bit of a float32
    const at::Tensor away = (out.to(at::kDouble) - wanted).abs();
    EXPECT_LT((away / at::clamp_min(x.abs(), 1)).max().item<double>(), kLast);
    EXPECT_LT((away / wanted.abs()).masked_select(near).max().item<double>(), 6 * kLast);
    EXPECT_LT((got.to(at::kDouble) - exactX.grad()).abs().max().item<double>(), 8 * kLast);
  }
}

TEST(LayerKernels, GeluOfWhatIsNotFinite) {
  const at::Tensor x = at::zeros({16});
  x[0] = NAN;
  x[1] = INFINITY;
  x[2] = -1e30;
  x[3] = 1e30;
  for (const LayerKernels* kernels : layerKernels()) {
    SCOPED_TRACE(kernels->name);
    const at::Tensor out = at::empty_like(x);
    kernels->gelu(x.data_ptr<float>(), x.numel(), out.data_ptr<float>());
    EXPECT_TRUE(std::isnan(out[0].item<float>()));
    EXPECT_EQ(out[1].item<float>(), INFINITY);
    EXPECT_EQ(out[2].item<float>(), 0);
    EXPECT_EQ(out[3].item<float>(), 1e30f);
    EXPECT_EQ(out[4].item<float>(), 0);
  }
}

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
  for (const bool gelu : {false, true}) {
    SCOPED_TRACE(gelu);
    const at::Tensor x = random({rows, width}, 1).requires_grad_(true),
                     weight = random({10, width}, 2).requires_grad_(true),
                     bias = random({10}, 3).requires_grad_(true), gradient = random({rows, 10}, 4);
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

TEST(RowKernels, ThreadsDoNotChangeTheResult) {
  const int before = at::get_num_threads();
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    const at::Tensor x = random({9000, 32}, 1).requires_grad_(true), added = random({9000, 32}, 2),
                     gain = random({32}, 3).requires_grad_(true), bias = random({32}, 4).requires_grad_(true),
                     weight = random({200, 32}, 5).requires_grad_(true);
    const Normalised normalised = addAndNormalise(x, added, gain, bias, kEps);
    geluLinear(normalised.out, weight, std::nullopt, at::kFloat).square().sum().backward();
    return std::vector<at::Tensor>{x.grad(), gain.grad(), bias.grad(), weight.grad()};
  };
  const auto one = gradients(1), three = gradients(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(three[i])) << i;
}

}  // namespace
}  // namespace cv::mixmim
