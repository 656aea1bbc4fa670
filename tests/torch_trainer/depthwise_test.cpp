#include "network/depthwise.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cv::mixmim {
namespace {

constexpr double kRounding = 3e-6;  // of float32, in sums of some thousand terms
constexpr double kExact = 1e-12;

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// The largest difference, as a share of the largest number.
double difference(const at::Tensor& got, const at::Tensor& wanted) {
  const at::Tensor exactly = wanted.detach().to(at::kDouble);
  const double largest = exactly.abs().max().item<double>();
  return (got.detach().to(at::kDouble) - exactly).abs().max().item<double>() / std::max(largest, 1e-30);
}

/// A grid of tokens in raster order, seen through a window of side x side around every step-th.
struct Grid {
  int64_t height, width, side = 3, step = 1;

  int64_t tokens() const { return height * width; }
  /// Windows, and tokens of each; -1 outside and where `group` has another number than under the middle.
  at::Tensor rows(const at::Tensor& group = {}) const {
    const at::Tensor places = at::arange(1, tokens() + 1, at::kDouble).reshape({1, 1, height, width});
    at::Tensor list = windowsOf(places).squeeze(0).t().to(at::kLong) - 1;
    if (group.defined()) {
      const at::Tensor groups = at::cat({group, at::full({1}, -1, group.options())}).index({list});
      list = list.masked_fill(groups != groups.narrow(1, side * side / 2, 1), -1);
    }
    return list.to(at::kInt);
  }
  /// B x C x height x width -> B x (C * tokens of a window) x windows
  at::Tensor windowsOf(const at::Tensor& image) const {
    return at::im2col(image, {side, side}, {1, 1}, {side / 2, side / 2}, {step, step});
  }
  /// B x L x C -> B x C x height x width, and back.
  at::Tensor image(const at::Tensor& x) const {
    return x.transpose(1, 2).reshape({x.size(0), x.size(2), height, width});
  }
  static at::Tensor tokensOf(const at::Tensor& image) { return image.flatten(2).transpose(1, 2); }
};

struct Shape {
  int64_t batch, height, width, channels;
};

/// Odd grids, widths with and without a kernel, more numbers than one part of an image has.
const auto kShapes =
    ::testing::Values(Shape{1, 1, 1, 16}, Shape{3, 7, 5, 48}, Shape{2, 4, 9, 24}, Shape{1, 33, 41, 400});

std::string nameOf(const ::testing::TestParamInfo<Shape>& instance) {
  const Shape& s = instance.param;
  return std::to_string(s.batch) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

/// A convolution's input and parameters.
struct Layer {
  explicit Layer(const Shape& s)
      : x(random({s.batch, s.height * s.width, s.channels}, 1)),
        weight(random({s.channels, 1, 3, 3}, 2)),
        bias(random({s.channels}, 3)) {}

  /// Copies that want gradients.
  Layer in(at::ScalarType type) const {
    Layer same = *this;
    for (at::Tensor* tensor : same.all()) *tensor = tensor->to(type, false, /*copy=*/true);
    for (at::Tensor* tensor : same.all()) tensor->requires_grad_(true);
    return same;
  }

  /// conv2d of every group with zeros in the place of the others.
  at::Tensor plainly(const Grid& grid, const at::Tensor& group) const {
    const at::Tensor image = grid.image(x), groups = group.reshape({grid.height, grid.width});
    at::Tensor out = at::zeros_like(image);
    for (int64_t g = 0; g < 2; ++g) {
      const at::Tensor own = (groups == g).to(image.scalar_type());
      out = out + own * at::conv2d(image * own, weight, bias, 1, 1, 1, x.size(2));
    }
    return Grid::tokensOf(out);
  }

  std::vector<at::Tensor*> all() { return {&x, &weight, &bias}; }

  at::Tensor x, weight, bias;
};

/// Of every token, for a picture that is whole, and for a mixture.
std::vector<at::Tensor> groupings(const Grid& grid) {
  return {at::zeros({grid.tokens()}, at::kLong), (random({grid.tokens()}, 5) > 0).to(at::kLong)};
}

class DepthwiseTest : public ::testing::TestWithParam<Shape> {};

TEST_P(DepthwiseTest, AgreesWithConvolutionsOfImagesInFloat64) {
  const Shape shape = GetParam();
  const Grid grid{shape.height, shape.width};
  const Layer layer(shape);
  const at::Tensor gradient = random(layer.x.sizes(), 4);
  for (const at::Tensor& group : groupings(grid))
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      SCOPED_TRACE(std::string(toString(type)) +
                   ", tokens of the second image: " + std::to_string(group.sum().item<int64_t>()));
      Layer ours = layer.in(type), exact = layer.in(at::kDouble);
      const at::Tensor got = depthwise(ours.x, ours.weight, ours.bias, grid.rows(group)),
                       wanted = exact.plainly(grid, group);
      got.backward(gradient.to(type));
      wanted.backward(gradient.to(at::kDouble));
      const double rounding = type == at::kFloat ? kRounding : kExact;
      EXPECT_LT(difference(got, wanted), rounding);
      for (size_t i = 0; i < ours.all().size(); ++i)
        EXPECT_LT(difference(ours.all()[i]->grad(), exact.all()[i]->grad()), rounding) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, DepthwiseTest, kShapes, nameOf);

TEST(Depthwise, TakesWhatIsNotInOnePiece) {
  const Grid grid{4, 6};
  const Layer layer({2, 4, 6, 32});
  const at::Tensor turned = layer.x.transpose(0, 1).contiguous().transpose(0, 1),
                   weight = layer.weight.transpose(2, 3).contiguous().transpose(2, 3);
  EXPECT_TRUE(depthwise(turned, weight, layer.bias, grid.rows().t().contiguous().t())
                  .equal(depthwise(layer.x, layer.weight, layer.bias, grid.rows())));
}

/// Sums of nine terms are in float32; parameters keep their type, and so do their gradients.
TEST(Depthwise, ConvolvesBfloat16WithParametersInFloat32) {
  const Grid grid{6, 5};
  const Layer layer({2, 6, 5, 32});
  Layer ours = layer.in(at::kFloat), exact = layer.in(at::kDouble);
  ours.x = layer.x.to(at::kBFloat16).requires_grad_(true);
  exact.x = ours.x.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor gradient = random(layer.x.sizes(), 4).to(at::kBFloat16);
  const at::Tensor got = depthwise(ours.x, ours.weight, ours.bias, grid.rows()),
                   wanted = exact.plainly(grid, at::zeros({30}, at::kLong));
  got.backward(gradient);
  wanted.backward(gradient.to(at::kDouble));
  constexpr double kHalfBit = 1.0 / 256;
  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  EXPECT_LT(difference(got, wanted), kHalfBit);
  EXPECT_EQ(ours.x.grad().scalar_type(), at::kBFloat16);
  EXPECT_LT(difference(ours.x.grad(), exact.x.grad()), kHalfBit);
  EXPECT_EQ(ours.weight.grad().scalar_type(), at::kFloat);
  EXPECT_LT(difference(ours.weight.grad(), exact.weight.grad()), kRounding);
  EXPECT_LT(difference(ours.bias.grad(), exact.bias.grad()), kRounding);
}

TEST(Depthwise, ThreadsDoNotChangeTheResult) {
  const Grid grid{56, 40};
  const auto results = [&](int threads) {
    at::set_num_threads(threads);
    Layer layer = Layer({2, grid.height, grid.width, 512}).in(at::kFloat);
    const at::Tensor out = depthwise(layer.x, layer.weight, layer.bias, grid.rows());
    out.square().sum().backward();
    std::vector<at::Tensor> all{out};
    for (const at::Tensor* tensor : layer.all()) all.push_back(tensor->grad());
    return all;
  };
  const int before = at::get_num_threads();
  const auto one = results(1), three = results(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(three[i])) << i;
}

TEST(Depthwise, SaysWhatDoesNotFit) {
  const Layer layer({1, 3, 3, 16});
  const at::Tensor rows = Grid{3, 3}.rows();
  EXPECT_THROW(depthwise(layer.x, layer.weight, layer.bias, rows.to(at::kLong)), c10::Error);
  EXPECT_THROW(depthwise(layer.x, layer.weight, layer.bias, rows.narrow(0, 0, 8)), c10::Error);
  EXPECT_THROW(depthwise(layer.x, layer.weight.narrow(0, 0, 8), layer.bias, rows), c10::Error);
  EXPECT_THROW(gatherRows(layer.x, rows.flatten()), c10::Error);
}

/// A window over a grid: of the published overlapping embeddings, and one that leaves tokens out.
struct Windows {
  int64_t side, step, channels;
};

class GatherRowsTest : public ::testing::TestWithParam<Windows> {};

TEST_P(GatherRowsTest, AgreesWithWindowsOfImages) {
  const auto [side, step, channels] = GetParam();
  const Grid grid{12, 20, side, step};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    SCOPED_TRACE(toString(type));
    const at::Tensor x = random({3, grid.tokens(), channels}, 1).to(type).requires_grad_(true),
                     same = x.detach().clone().requires_grad_(true);
    const at::Tensor windows = grid.windowsOf(grid.image(same));
    const at::Tensor wanted = windows.unflatten(1, {channels, side * side}).permute({0, 3, 2, 1}).flatten(2);
    const at::Tensor got = gatherRows(x, grid.rows()), gradient = random(got.sizes(), 2).to(type);
    EXPECT_TRUE(got.equal(wanted));
    got.backward(gradient);
    wanted.backward(gradient);
    EXPECT_LT(difference(x.grad(), same.grad()), type == at::kFloat ? kRounding : kExact);
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, GatherRowsTest,
                         ::testing::Values(Windows{7, 4, 3}, Windows{3, 2, 64}, Windows{3, 2, 136},
                                           Windows{1, 2, 16}),
                         [](const auto& instance) {
                           const Windows& w = instance.param;
                           return std::to_string(w.side) + "by" + std::to_string(w.step) + "x" +
                                  std::to_string(w.channels);
                         });

TEST(GatherRows, ThreadsDoNotChangeTheResult) {
  const Grid grid{56, 56, 3, 2};
  const auto results = [&](int threads) {
    at::set_num_threads(threads);
    const at::Tensor x = random({2, grid.tokens(), 144}, 1).requires_grad_(true);
    const at::Tensor out = gatherRows(x, grid.rows());
    out.square().sum().backward();
    return std::pair{out, x.grad()};
  };
  const int before = at::get_num_threads();
  const auto one = results(1), three = results(3);
  at::set_num_threads(before);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_TRUE(one.second.equal(three.second));
}

}  // namespace
}  // namespace cv::mixmim
