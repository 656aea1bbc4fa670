#include "network/mlp.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

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
