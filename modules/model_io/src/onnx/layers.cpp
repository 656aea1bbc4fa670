#include "onnx/layers.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "model_io/onnx/constants.hpp"

namespace cv::mixmim {

namespace {

// The normal distribution function is sigmoid(x p(x^2)) within 4e-6: coefficients of p, the highest power
// first. Beyond kFlat it is constant in float32, while p is not.
constexpr std::array<float, 5> kPhi{2.22531556e-6f, -6.09352445e-5f, -2.50948523e-4f, 7.29398567e-2f,
                                    1.59565515f};
constexpr float kFlat = 5.5f;

/// The middle of kernels of 3 x 3 taps: C x 9 -> C x side.area().
cv::Mat insideOf(const cv::Mat& kernels, cv::Size side) {
  constexpr int kSide = 3;
  const cv::Rect inside({(kSide - side.width) / 2, (kSide - side.height) / 2}, side);
  cv::Mat taps;
  for (int c = 0; c < kernels.rows; ++c)
    taps.push_back(kernels.row(c).reshape(1, kSide)(inside).clone().reshape(1, 1));
  return taps;
}

}  // namespace

std::string OnnxLayers::layerNorm(const std::string& name, const std::string& x, int64_t tokens, double eps) {
  return net_.instanceNorm(name, x, tokens, static_cast<float>(eps));
}

std::string OnnxLayers::linear(const std::string& name, const std::string& x, const LinearMap& map,
                               const std::vector<int64_t>& shape) {
  const std::string rows = net_.reshape(name + ".rows", x, {-1, map.weight.cols});
  return net_.reshape(name + ".tokens", net_.gemm(name, rows, asTensor(map.weight), asTensor(map.bias)),
                      shape);
}

std::string OnnxLayers::gelu(const std::string& at, const std::string& x) {
  return net_.profile().opset < 11 ? geluBySigmoid(at, x) : geluByErf(at, x);
}

std::string OnnxLayers::geluByErf(const std::string& at, const std::string& x) {
  std::string y = net_.div(at + ".div", x, net_.scalar(std::sqrt(2.f)));
  y = net_.add(at + ".add", net_.erf(at + ".erf", y), net_.scalar(1.f));
  return net_.mul(at + ".half", net_.mul(at + ".mul", x, y), net_.scalar(0.5f));
}

std::string OnnxLayers::geluBySigmoid(const std::string& at, const std::string& x) {
  const std::string z = net_.clip(at + ".clip", x, -kFlat, kFlat);
  const std::string square = net_.mul(at + ".square", z, z);
  std::string p;
  for (size_t i = 1; i < kPhi.size(); ++i) {
    const std::string step = fmt::format("{}.step{}", at, i);
    p = i == 1 ? net_.mul(step, square, net_.scalar(kPhi[0])) : net_.mul(step, p, square);
    p = net_.add(step + ".sum", p, net_.scalar(kPhi[i]));
  }
  const std::string phi = net_.sigmoid(at + ".sigmoid", net_.mul(at + ".argument", z, p));
  return net_.mul(at + ".mul", x, phi);
}

std::string OnnxLayers::timesConstant(const std::string& name, const std::string& x, const cv::Mat& numbers) {
  return net_.mul(name, x, net_.weight(name + "s", asTensor(numbers)));
}

std::string OnnxLayers::plusConstant(const std::string& name, const std::string& x, const cv::Mat& numbers) {
  return net_.add(name, x, net_.weight(name + "s", asTensor(numbers)));
}

std::string OnnxLayers::normed(const std::string& x, const Affine& affine, const Stage& stage) {
  const std::string& at = stage.norm;
  const std::string y = timesConstant(at + onnx_names::kGain, layerNorm(at, x, stage.rows(), stage.eps),
                                      perToken(affine.gain, stage.rows()));
  return plusConstant(at + onnx_names::kShift, y, perToken(affine.bias, stage.rows()));
}

std::string OnnxLayers::toMap(const std::string& at, const std::string& x, const Stage& stage,
                              int64_t channels) {
  return net_.reshape(at + ".map", net_.transpose(at + ".channels", x, {0, 2, 1}),
                      {-1, channels, stage.grid.height, stage.grid.width});
}

std::string OnnxLayers::fromMap(const std::string& at, const std::string& x, const Stage& stage,
                                int64_t channels) {
  return net_.transpose(at + ".tokens", net_.reshape(at + ".flat", x, {-1, channels, stage.tokens()}),
                        {0, 2, 1});
}

std::string OnnxLayers::depthwise(const std::string& name, const std::string& x, const LinearMap& kernel,
                                  const Stage& stage) {
  const int64_t channels = kernel.weight.rows;
  const cv::Size side = depthwiseSide(stage.grid);
  const cv::Mat taps = insideOf(kernel.weight, side);
  const std::string map =
      net_.conv(name, toMap(name, x, stage, channels), asTensor(taps, {channels, 1, side.height, side.width}),
                asTensor(kernel.bias), {1, side / 2, channels});
  return fromMap(name, map, stage, channels);
}

std::string OnnxLayers::squares(const std::string& at, const std::string& x, cv::Size grid, int64_t side,
                                int64_t dim) {
  std::string y = net_.reshape(at + ".split", x, {-1, grid.height, side, grid.width, side * dim});
  y = net_.transpose(at + ".group", y, {0, 1, 3, 2, 4});
  return net_.reshape(at + ".concat", y, {-1, grid.area(), side * side * dim});
}

std::string OnnxLayers::toWindows(const std::string& at, const std::string& x, const Stage& stage,
                                  const Block& block) {
  if (block.window == stage.grid) return x;
  const int64_t across = stage.grid.width / block.window.width,
                width = int64_t{block.window.width} * stage.dim;
  std::string y = block.shifted() ? rolled(at + ".roll", x, stage, block.shift) : x;
  y = net_.reshape(at + ".split", y, {-1, block.window.height, across, width});
  y = net_.transpose(at + ".group", y, {0, 2, 1, 3});
  return net_.reshape(at + ".windows", y, {-1, block.windowTokens(), stage.dim});
}

std::string OnnxLayers::toRaster(const std::string& at, const std::string& x, const Stage& stage,
                                 const Block& block) {
  if (block.window == stage.grid) return x;
  const int64_t across = stage.grid.width / block.window.width,
                width = int64_t{block.window.width} * stage.dim;
  std::string y = net_.reshape(at + ".unsplit", x, {-1, across, block.window.height, width});
  y = net_.transpose(at + ".ungroup", y, {0, 2, 1, 3});
  if (block.shifted()) y = rolled(at + ".unroll", y, stage, stage.grid - block.shift);
  return net_.reshape(at + ".raster", y, {-1, stage.tokens(), stage.dim});
}

/// Tokens in raster order -> rows x columns x C, which begin `by` tokens later; what came before follows at
/// the end.
std::string OnnxLayers::rolled(const std::string& name, const std::string& x, const Stage& stage,
                               cv::Size by) {
  const cv::Size grid = stage.grid;
  const std::string y = net_.reshape(name + ".grid", x, {-1, grid.height, grid.width, stage.dim});
  return rolledAxis(name + ".columns", rolledAxis(name + ".rows", y, 1, grid.height, by.height), 2,
                    grid.width, by.width);
}

std::string OnnxLayers::rolledAxis(const std::string& name, const std::string& x, int axis, int64_t size,
                                   int64_t by) {
  if (by % size == 0) return x;
  const std::string first = net_.slice(name + ".first", x, axis, by, size);
  return net_.concat(name, {first, net_.slice(name + ".last", x, axis, 0, by)}, axis);
}

cv::Mat perToken(const cv::Mat& perChannel, int tokens) {
  return cv::repeat(perChannel.t(), tokens, 1);
}

}  // namespace cv::mixmim
