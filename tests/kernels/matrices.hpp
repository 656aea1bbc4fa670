// Matrices for the kernels, and how far their results are from those of plain loops in float64.
#pragma once

#include <limits>

#include <opencv2/core.hpp>

namespace cv::mixmim::test {

/// Normal numbers, CV_32F.
inline cv::Mat randomMatrix(int64_t rows, int64_t columns, uint64_t seed, double mean = 0,
                            double deviation = 1) {
  cv::Mat matrix(static_cast<int>(rows), static_cast<int>(columns), CV_32F);
  cv::RNG(seed + 1).fill(matrix, cv::RNG::NORMAL, mean, deviation);
  return matrix;
}

/// What a kernel is to overwrite: no result has a number of it.
inline cv::Mat unwritten(int64_t rows, int64_t columns) {
  return {static_cast<int>(rows), static_cast<int>(columns), CV_32F,
          cv::Scalar(std::numeric_limits<float>::quiet_NaN())};
}

inline cv::Mat exact(const cv::Mat& matrix) {
  cv::Mat result;
  matrix.convertTo(result, CV_64F);
  return result;
}

/// The largest difference, as a share of the largest number where that is more than 1; infinite where a
/// number is not finite.
inline double difference(const cv::Mat& got, const cv::Mat& wanted) {
  if (got.size() != wanted.size() || !cv::checkRange(got)) return std::numeric_limits<double>::infinity();
  return cv::norm(exact(got), wanted, cv::NORM_INF) / std::max(cv::norm(wanted, cv::NORM_INF), 1.0);
}

}  // namespace cv::mixmim::test
