#include "model/resize_weights.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>

#include "model/parameters.hpp"

namespace cv::mixmim {

namespace {

/// The square root of n where it is an integer, else 0.
int64_t sideOf(int64_t n) {
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
  return side * side == n ? side : 0;
}

/// How much the samples at -1, 0, 1, 2 count for a place between 0 and 1.
std::array<double, 4> cubicWeights(double place) {
  constexpr double kA = -0.75;
  const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };  // d <= 1
  const auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
  return {far(place + 1), near(place), near(1 - place), far(2 - place)};
}

/// How much the samples from `first` on count, seen from the one at or before a place.
struct Taps {
  int first;
  std::vector<double> weights;
};

/// `place`: between that sample and the next, 0 to 1.
Taps tapsAt(double place, Interpolation interpolation) {
  if (interpolation == Interpolation::kBilinear) return {0, {1 - place, place}};
  const std::array<double, 4> cubic = cubicWeights(place);
  return {-1, {cubic.begin(), cubic.end()}};
}

/// The interpolation as a matrix, to x from: each row gives a new sample as a weighted sum of old ones.
cv::Mat matrixOf(Interpolation interpolation, int from, int to) {
  cv::Mat matrix = cv::Mat::zeros(to, from, CV_64F);
  for (int i = 0; i < to; ++i) {
    const double at = (i + 0.5) * from / to - 0.5;
    const int base = static_cast<int>(std::floor(at));
    const Taps taps = tapsAt(at - base, interpolation);
    for (int k = 0; k < static_cast<int>(taps.weights.size()); ++k)
      matrix.at<double>(i, std::clamp(base + taps.first + k, 0, from - 1)) +=
          taps.weights[static_cast<size_t>(k)];
  }
  return matrix;
}

}  // namespace

std::optional<Tensor> resizedWeight(const Tensor& value, cv::Size from, cv::Size grid,
                                    const std::vector<int64_t>& shape, Interpolation interpolation) {
  const size_t rank = value.shape.size();
  const bool table = rank == 2, embedding = rank == 3 && value.shape[0] == 1;
  if (grid.empty() || !(table || embedding) || value.dtype != DType::kF32 || shape.size() != rank) return {};
  const int64_t kept = shape[rank - 2] - grid.area(), rowCount = value.shape[rank - 2] - kept;
  if (kept != 0 && !(embedding && kept == 1)) return {};
  if (from.empty()) from.width = from.height = static_cast<int>(sideOf(rowCount));
  std::vector<int64_t> reached = value.shape;
  reached[rank - 2] = shape[rank - 2];
  if (from.empty() || from.area() != rowCount || reached != shape) return {};

  const int channels = static_cast<int>(shape.back());
  const int64_t before = kept * channels;  // numbers
  cv::Mat numbers;                         // rows x (columns * channels)
  cv::Mat(from.height, from.width * channels, CV_32F,
          value.bytes.data + static_cast<size_t>(before) * sizeof(float))
      .convertTo(numbers, CV_64F);
  const cv::Mat rows = matrixOf(interpolation, from.height, grid.height),
                columns = matrixOf(interpolation, from.width, grid.width);
  const cv::Mat tall = rows * numbers;
  Tensor result = Tensor::zeros(shape);
  std::copy_n(value.as<float>(), before, result.as<float>());
  for (int y = 0; y < grid.height; ++y) {
    cv::Mat target(grid.width, channels, CV_32F,
                   result.as<float>() + before + int64_t{y} * grid.width * channels);
    cv::Mat(columns * tall.row(y).reshape(1, from.width)).convertTo(target, CV_32F);
  }
  return result;
}

TensorMap weightsForImageSize(const TensorMap& weights, const ModelConfig& from, const ModelConfig& to) {
  TensorMap resized = weights;
  for (Task task : {Task::kPretrain, Task::kFinetune}) {
    std::map<std::string, cv::Size> grids;
    for (const Parameter& parameter : parameters(from, task)) grids[parameter.name] = parameter.grid;
    for (const Parameter& parameter : parameters(to, task)) {
      const auto found = resized.find(parameter.name);
      if (found == resized.end() || found->second.shape == parameter.shape) continue;
      if (auto weight = resizedWeight(found->second, grids[parameter.name], parameter.grid, parameter.shape,
                                      parameter.interpolation))
        found->second = std::move(*weight);
    }
  }
  return resized;
}

}  // namespace cv::mixmim
