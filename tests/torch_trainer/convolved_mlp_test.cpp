#include "network/convolved_mlp.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace cv::mixmim {
namespace {

constexpr double kRounding = 3e-6;  // of float32, in sums of some thousand terms

at::Tensor random(at::IntArrayRef shape, uint64_t seed, double scale = 1) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed)) * scale;
}

/// The largest difference, as a share of the largest number.
double difference(const at::Tensor& got, const at::Tensor& wanted) {
  const at::Tensor exactly = wanted.detach().to(at::kDouble);
  const double largest = exactly.abs().max().item<double>();
  return (got.detach().to(at::kDouble) - exactly).abs().max().item<double>() / std::max(largest, 1e-30);
}

struct Shape {
  int64_t batch, side, width, hidden;
};

/// The neighbours of a square grid's tokens, row by row.
at::Tensor neighboursOf(int64_t side) {
  const at::Tensor places = at::arange(1, side * side + 1, at::kDouble).reshape({1, 1, side, side});
  return (at::im2col(places, {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0).t() - 1).to(at::kInt).contiguous();
}

/// The parameters of an MLP, and an input.
struct Layers {
  explicit Layers(const Shape& s)
      : side(s.side),
        x(random({s.batch, s.side * s.side, s.width}, 1)),
        first{random({s.hidden, s.width}, 2, 1 / std::sqrt(static_cast<double>(s.width))),
              random({s.hidden}, 3)},
        convolution{random({s.hidden, 1, 3, 3}, 4, 1.0 / 3), random({s.hidden}, 5)},
        second{random({s.width, s.hidden}, 6, 1 / std::sqrt(static_cast<double>(s.hidden))),
               random({s.width}, 7)} {}

  /// Copies that want gradients.
  Layers in(at::ScalarType type) const {
    Layers same = *this;
    for (at::Tensor* tensor : same.all()) *tensor = tensor->detach().to(type, false, /*copy=*/true);
    for (at::Tensor* tensor : same.all()) tensor->requires_grad_(true);
    return same;
  }

  at::Tensor plainly() const {
    const int64_t channels = first.weight.size(0);
    const at::Tensor image =
        at::linear(x, first.weight, first.bias).transpose(1, 2).unflatten(2, {side, side});
    const at::Tensor hidden = at::conv2d(image, convolution.weight, convolution.bias, 1, 1, 1, channels);
    return at::linear(at::gelu(hidden.flatten(2).transpose(1, 2)), second.weight, second.bias);
  }

  at::Tensor ours(at::ScalarType compute) const {
    return convolvedMlp(x, first, convolution, neighboursOf(side), second, compute);
  }

  std::vector<at::Tensor*> all() {
    return {&x,          &first.weight, &first.bias, &convolution.weight, &convolution.bias, &second.weight,
            &second.bias};
  }

  int64_t side;
  at::Tensor x;
  LinearParameters first;
  ConvolutionParameters convolution;
  LinearParameters second;
};

class ConvolvedMlpTest : public ::testing::TestWithParam<Shape> {};

TEST_P(ConvolvedMlpTest, AgreesWithPlainOperatorsInFloat64) {
  const Layers layers(GetParam());
  Layers ours = layers.in(at::kFloat), exact = layers.in(at::kDouble);
  const at::Tensor gradient = random(layers.x.sizes(), 8);
  const at::Tensor got = ours.ours(at::kFloat), wanted = exact.plainly();
  got.backward(gradient);
  wanted.backward(gradient.to(at::kDouble));
  EXPECT_LT(difference(got, wanted), kRounding);
  for (size_t i = 0; i < ours.all().size(); ++i)
    EXPECT_LT(difference(ours.all()[i]->grad(), exact.all()[i]->grad()), kRounding) << i;
}

/// Ragged pieces, more numbers than a part of an image has, and a hidden layer without a kernel.
INSTANTIATE_TEST_SUITE_P(Shapes, ConvolvedMlpTest,
                         ::testing::Values(Shape{1, 1, 16, 32}, Shape{3, 5, 32, 256}, Shape{2, 7, 24, 96},
                                           Shape{1, 37, 16, 400}, Shape{2, 3, 8, 40}),
                         [](const auto& instance) {
                           const Shape& s = instance.param;
                           return std::to_string(s.batch) + "x" + std::to_string(s.side) + "x" +
                                  std::to_string(s.width) + "x" + std::to_string(s.hidden);
                         });

TEST(ConvolvedMlp, WorksInBfloat16) {
  const Layers layers({2, 5, 32, 128});
  const at::Tensor got = layers.ours(at::kBFloat16);
  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  EXPECT_LT(difference(got, layers.plainly()), 0.02);
}

TEST(ConvolvedMlp, ThreadsDoNotChangeTheResult) {
  const auto results = [&](int threads) {
    at::set_num_threads(threads);
    Layers layers = Layers({3, 28, 64, 512}).in(at::kFloat);
    const at::Tensor out = layers.ours(at::kFloat);
    out.square().sum().backward();
    std::vector<at::Tensor> all{out};
    for (const at::Tensor* tensor : layers.all()) all.push_back(tensor->grad());
    return all;
  };
  const int before = at::get_num_threads();
  const auto one = results(1), three = results(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(three[i])) << i;
}

}  // namespace
}  // namespace cv::mixmim
