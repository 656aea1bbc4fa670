// The numbers of a file in the order in which the layers read them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// A list of whole numbers, as a layer takes it.
template <class Number>
cv::Mat asColumn(const std::vector<Number>& numbers) {
  cv::Mat column(static_cast<int>(numbers.size()), 1, CV_32S);
  std::transform(numbers.begin(), numbers.end(), column.ptr<int>(),
                 [](Number number) { return static_cast<int>(number); });
  return column;
}

/// Rows of `from` in another order.
cv::Mat reordered(const cv::Mat& from, const std::vector<int64_t>& order);

/// The members of every merged token row by row, as the exporter's weights expect them.
std::vector<int64_t> rowByRow(const std::vector<int64_t>& merge, int side);

/// Weights of `count` tokens side by side, which the file has row by row of a square, in the order in which
/// they stand in memory: `order` of their stage, whose rows have `across` tokens.
cv::Mat inMemoryOrder(const cv::Mat& weight, int count, const std::vector<int64_t>& order, int across);

/// Weights of a convolution of `channels` channels -> of pixels or tokens side by side, all channels of each
/// together.
cv::Mat channelsLast(const cv::Mat& weight, int channels);

/// Heads as wide as the kernels want them, the new numbers 0: rows are those of the heads.
cv::Mat paddedHeads(const cv::Mat& rows, int heads, int padded);

/// The width of rows of so many numbers that kernels want.
int kernelWidth(int numbers);
/// More rows, or columns, of zeros.
cv::Mat paddedRows(const cv::Mat& from, int rows);
cv::Mat paddedColumns(const cv::Mat& from, int columns);

/// Depthwise kernels, C x side.area(), as TokenConvolution takes them: kTaps x width, zeros around smaller
/// kernels.
cv::Mat tapsOf(const cv::Mat& kernels, cv::Size side, int width);

/// A convolution of normalised pixels and the map that normalises them -> one of pixels and a channel of
/// ones, which is 0 outside the picture. weight: C x 3ss, pixels: 3 x 3, shift: 3 x 1 -> C x 4ss.
cv::Mat withNormalisation(const cv::Mat& weight, const cv::Mat& pixels, const cv::Mat& shift);

}  // namespace cv::mixmim
