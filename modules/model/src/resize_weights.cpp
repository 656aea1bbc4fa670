#include "model/resize_weights.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>

namespace cv::mixmim {

namespace {

/// The square root of n where it is an integer, else 0.
int64_t sideOf(int64_t n) {
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
  return side * side == n ? side : 0;
}

/// How much the samples at -1, 0, 1, 2 count for a place between 0 and 1.
using SampleWeights = std::array<double, 4>;

SampleWeights cubicWeights(double place) {
  constexpr double kA = -0.75;
  const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };  // d <= 1
  const auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
  return {far(place + 1), near(place), near(1 - place), far(2 - place)};
}

SampleWeights linearWeights(double place) {
  return {0, 1 - place, place, 0};
}

/// The interpolation as a matrix, to x from: each row gives a new sample as a weighted sum of old ones.
cv::Mat samplingMatrix(int from, int to, Interpolation interpolation) {
  cv::Mat matrix = cv::Mat::zeros(to, from, CV_64F);
  for (int i = 0; i < to; ++i) {
    const double at = (i + 0.5) * from / to - 0.5;
    const int base = static_cast<int>(std::floor(at));
    const SampleWeights weights =
        interpolation == Interpolation::kBicubic ? cubicWeights(at - base) : linearWeights(at - base);
    for (int k = 0; k < 4; ++k)
      matrix.at<double>(i, std::clamp(base - 1 + k, 0, from - 1)) += weights[static_cast<size_t>(k)];
  }
  return matrix;
}

/// The numbers of a grid, one row per cell, on another grid.
void resample(const float* numbers, cv::Size from, float* resampled, cv::Size grid, int channels,
              Interpolation interpolation) {
  cv::Mat old;  // rows x (columns * channels)
  cv::Mat(from.height, from.width * channels, CV_32F, const_cast<float*>(numbers)).convertTo(old, CV_64F);
  const cv::Mat rows = samplingMatrix(from.height, grid.height, interpolation),
                columns = samplingMatrix(from.width, grid.width, interpolation), tall = rows * old;
  for (int y = 0; y < grid.height; ++y) {
    cv::Mat target(grid.width, channels, CV_32F, resampled + int64_t{y} * grid.width * channels);
    cv::Mat(columns * tall.row(y).reshape(1, from.width)).convertTo(target, CV_32F);
  }
}

}  // namespace

std::optional<Tensor> resizedWeight(const Tensor& value, cv::Size from, cv::Size grid,
                                    const std::vector<int64_t>& shape, Interpolation interpolation) {
  const size_t rank = value.shape.size();
  const bool table = rank == 2, embedding = rank == 3 && value.shape[0] == 1;
  if (grid.empty() || !(table || embedding) || value.dtype != DType::kF32 || shape.size() != rank) return {};
  const int64_t classRows = shape[rank - 2] - grid.area(), rowCount = value.shape[rank - 2] - classRows;
  if (rowCount < 1 || (classRows != 0 && !(embedding && classRows == 1))) return {};
  if (from.empty()) from.width = from.height = static_cast<int>(sideOf(rowCount));
  std::vector<int64_t> reached = value.shape;
  reached[rank - 2] = shape[rank - 2];
  if (from.empty() || from.area() != rowCount || reached != shape) return {};

  const int channels = static_cast<int>(shape.back());
  const int64_t before = classRows * channels;
  Tensor result = Tensor::zeros(shape);
  std::copy_n(value.as<float>(), before, result.as<float>());
  resample(value.as<float>() + before, from, result.as<float>() + before, grid, channels, interpolation);
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
