#include "plugins/torch_trainer/mlp.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include <opencv2/core.hpp>

#include "kernels/layers.hpp"

namespace cv::mixmim {
namespace {

at::Tensor random(at::IntArrayRef shape, uint64_t seed, double scale = 1) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed)) * scale;
}

/// The largest difference, as a share of the largest number.
double difference(const at::Tensor& got, const at::Tensor& wanted) {
  const at::Tensor exactly = wanted.detach().to(at::kDouble);
  const double largest = exactly.abs().max().item<double>();
  return (got.detach().to(at::kDouble) - exactly).abs().max().item<double>() / std::max(largest, 1e-30);
}

constexpr double kRounding = 3e-6;  // of float32, in sums of some thousand terms

struct Size {
  int64_t rows, width, hidden;
};

/// The parameters of an MLP, and an input.
struct Layers {
  explicit Layers(const Size& size)
      : x(random({size.rows, size.width}, 1)),
        first{random({size.hidden, size.width}, 2, 1 / std::sqrt(static_cast<double>(size.width))),
              random({size.hidden}, 3)},
        second{random({size.width, size.hidden}, 4, 1 / std::sqrt(static_cast<double>(size.hidden))),
               random({size.width}, 5)} {}

  Layers in(at::ScalarType type) const {
    Layers same = *this;
    for (at::Tensor* tensor : same.all()) *tensor = tensor->detach().to(type, false, /*copy=*/true);
    for (at::Tensor* tensor : same.all()) tensor->requires_grad_(true);
    return same;
  }

  at::Tensor plainly() const {
    return at::linear(at::gelu(at::linear(x, first.weight, first.bias)), second.weight, second.bias);
  }

  std::vector<at::Tensor*> all() { return {&x, &first.weight, &first.bias, &second.weight, &second.bias}; }

  at::Tensor x;
  LinearParameters first, second;
};

class MlpTest : public ::testing::TestWithParam<Size> {};

TEST_P(MlpTest, AgreesWithPlainOperatorsInFloat64) {
  const Layers layers(GetParam());
  Layers ours = layers.in(at::kFloat), exact = layers.in(at::kDouble);
  const at::Tensor gradient = random(layers.x.sizes(), 6);
  const at::Tensor got = mlp(ours.x, ours.first, ours.second, at::kFloat), wanted = exact.plainly();
  got.backward(gradient);
  wanted.backward(gradient.to(at::kDouble));
  EXPECT_LT(difference(got, wanted), kRounding);
  for (size_t i = 0; i < ours.all().size(); ++i)
    EXPECT_LT(difference(ours.all()[i]->grad(), exact.all()[i]->grad()), kRounding) << i;
}

/// Every instruction set, with numbers around the outputs that must stay.
TEST_P(MlpTest, KernelsAgreeWithFloat64) {
  const auto [rows, width, hidden] = GetParam();
  if (width % kWidthMultiple != 0) GTEST_SKIP() << "not a width of the kernels";
  const Layers layers(GetParam());
  Layers exact = layers.in(at::kDouble);
  const at::Tensor outGradient = random(layers.x.sizes(), 6);
  const at::Tensor wanted = exact.plainly();
  wanted.backward(outGradient.to(at::kDouble));
  for (const LayerKernels* kernels : layerKernels()) {
    SCOPED_TRACE(kernels->name);
    const auto packed = [&](int64_t inner, int64_t columns, const at::Tensor& weight, bool transposed) {
      const RightSide side{inner, columns, weight.data_ptr<float>(), transposed};
      at::Tensor to = at::full({side.size()}, NAN);
      kernels->packRightSide(side, to.data_ptr<float>());
      return to;
    };
    const at::Tensor first = packed(width, hidden, layers.first.weight, true),
                     second = packed(hidden, width, layers.second.weight, true),
                     firstBack = packed(hidden, width, layers.first.weight, false),
                     secondBack = packed(width, hidden, layers.second.weight, false);
    const auto guarded = [](int64_t count) { return at::full({count + 1}, 7.f); };
    const at::Tensor out = guarded(rows * width), x = guarded(rows * width),
                     weight1 = guarded(hidden * width), bias1 = guarded(hidden),
                     weight2 = guarded(width * hidden), bias2 = guarded(width);
    KernelScratch scratch;
    kernels->mlp({rows, width, hidden, layers.x.data_ptr<float>(), first.data_ptr<float>(),
                  layers.first.bias.data_ptr<float>(), second.data_ptr<float>(),
                  layers.second.bias.data_ptr<float>(), out.data_ptr<float>()},
                 scratch);
    kernels->mlpBackward(
        {rows, width, hidden, layers.x.data_ptr<float>(), outGradient.data_ptr<float>(),
         first.data_ptr<float>(), layers.first.bias.data_ptr<float>(), firstBack.data_ptr<float>(),
         secondBack.data_ptr<float>(), x.data_ptr<float>(), weight1.data_ptr<float>(),
         bias1.data_ptr<float>(), weight2.data_ptr<float>(), bias2.data_ptr<float>()},
        scratch);
    const auto expect = [](const at::Tensor& guardedValues, const at::Tensor& values) {
      const int64_t count = values.numel();
      EXPECT_EQ(guardedValues[count].item<float>(), 7);
      EXPECT_LT(difference(guardedValues.narrow(0, 0, count).reshape(values.sizes()), values), kRounding);
    };
    expect(out, wanted);
    expect(x, exact.x.grad());
    expect(weight1, exact.first.weight.grad());
    expect(bias1, exact.first.bias.grad());
    expect(weight2, exact.second.weight.grad());
    expect(bias2, exact.second.bias.grad());
  }
}

/// Ragged numbers of rows, half panels, more rows than a part has; a width and a size left to LibTorch.
INSTANTIATE_TEST_SUITE_P(Sizes, MlpTest,
                         ::testing::Values(Size{1, 16, 32}, Size{7, 32, 128}, Size{300, 48, 80},
                                           Size{5003, 64, 256}, Size{70, 128, 512}, Size{33, 40, 160},
                                           Size{20, 352, 1408}),
                         [](const auto& instance) {
                           const Size& size = instance.param;
                           return std::to_string(size.rows) + "x" + std::to_string(size.width) + "x" +
                                  std::to_string(size.hidden);
                         });

TEST(Mlp, ThreadsDoNotChangeTheResult) {
  const int before = at::get_num_threads();
  const auto results = [&](int threads) {
    at::set_num_threads(threads);
    Layers layers = Layers({9001, 32, 128}).in(at::kFloat);
    const at::Tensor out = mlp(layers.x, layers.first, layers.second, at::kFloat);
    out.square().sum().backward();
    std::vector<at::Tensor> all{out};
    for (const at::Tensor* tensor : layers.all()) all.push_back(tensor->grad());
    return all;
  };
  const auto one = results(1), three = results(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(three[i])) << i;
}

TEST(Mlp, WorksInBfloat16) {
  const Layers layers({40, 32, 128});
  const at::Tensor got = mlp(layers.x, layers.first, layers.second, at::kBFloat16);
  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  EXPECT_LT(difference(got, layers.plainly()), 0.02);
}

}  // namespace
}  // namespace cv::mixmim
