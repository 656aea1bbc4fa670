#include "arrangement.hpp"

#include <cmath>

#include "kernels/convolution.hpp"
#include "kernels/layers.hpp"
#include "model/plan.hpp"

namespace cv::mixmim {

cv::Mat reordered(const cv::Mat& from, const std::vector<int64_t>& order) {
  cv::Mat to(from.size(), from.type());
  for (size_t i = 0; i < order.size(); ++i)
    from.row(static_cast<int>(order[i])).copyTo(to.row(static_cast<int>(i)));
  return to;
}

std::vector<int64_t> rowByRow(const std::vector<int64_t>& merge, int side) {
  const std::vector<cv::Point> published = mergingOrder(side);
  std::vector<int64_t> members(merge.size());
  for (size_t i = 0; i < merge.size(); ++i) {
    const size_t k = i % published.size();
    members[i - k + static_cast<size_t>(published[k].y * side + published[k].x)] = merge[i];
  }
  return members;
}

cv::Mat inMemoryOrder(const cv::Mat& weight, int count, const std::vector<int64_t>& order, int across) {
  const int width = weight.cols / count, side = cvRound(std::sqrt(count));
  cv::Mat moved(weight.size(), weight.type());
  for (int k = 0; k < count; ++k) {
    const int place = static_cast<int>(order[static_cast<size_t>(k)]),
              from = place / across * side + place % across;
    weight.colRange(from * width, (from + 1) * width).copyTo(moved.colRange(k * width, (k + 1) * width));
  }
  return moved;
}

cv::Mat channelsLast(const cv::Mat& weight, int channels) {
  const int members = weight.cols / channels;
  cv::Mat moved(weight.size(), weight.type());
  for (int row = 0; row < weight.rows; ++row) {
    const cv::Mat byChannel(channels, members, CV_32F, const_cast<float*>(weight.ptr<float>(row)));
    cv::Mat(byChannel.t()).reshape(1, 1).copyTo(moved.row(row));
  }
  return moved;
}

cv::Mat paddedHeads(const cv::Mat& rows, int heads, int padded) {
  const int dim = rows.rows / heads;
  if (dim == padded) return rows;
  cv::Mat result = cv::Mat::zeros(heads * padded, rows.cols, CV_32F);
  for (int h = 0; h < heads; ++h)
    rows.rowRange(h * dim, (h + 1) * dim).copyTo(result.rowRange(h * padded, h * padded + dim));
  return result;
}

int kernelWidth(int numbers) {
  constexpr int kMultiple = static_cast<int>(kWidthMultiple);
  return (numbers + kMultiple - 1) / kMultiple * kMultiple;
}

cv::Mat paddedRows(const cv::Mat& from, int rows) {
  return paddedHeads(from, /*heads=*/1, rows);
}

cv::Mat paddedColumns(const cv::Mat& from, int columns) {
  if (from.cols == columns) return from;
  cv::Mat result = cv::Mat::zeros(from.rows, columns, CV_32F);
  from.copyTo(result.colRange(0, from.cols));
  return result;
}

cv::Mat tapsOf(const cv::Mat& kernels, cv::Size side, int width) {
  constexpr int kSide = 3;
  static_assert(kSide * kSide == kTaps);
  const cv::Point first((kSide - side.width) / 2, (kSide - side.height) / 2);
  cv::Mat taps = cv::Mat::zeros(kTaps, width, CV_32F);
  for (int tap = 0; tap < kernels.cols; ++tap) {
    const int row = first.y + tap / side.width, column = first.x + tap % side.width;
    cv::Mat(kernels.col(tap).t()).copyTo(taps.row(row * kSide + column).colRange(0, kernels.rows));
  }
  return taps;
}

cv::Mat withNormalisation(const cv::Mat& weight, const cv::Mat& pixels, const cv::Mat& shift) {
  const int area = weight.cols / 3;
  cv::Mat result(weight.rows, 4 * area, CV_32F), map, all;
  cv::hconcat(pixels, shift, map);  // R, G, B of the model x B, G, R and one
  map.convertTo(map, CV_64F);
  weight.convertTo(all, CV_64F);
  for (int row = 0; row < weight.rows; ++row) {
    const cv::Mat ofRow = map.t() * all.row(row).reshape(1, 3);
    ofRow.reshape(1, 1).convertTo(result.row(row), CV_32F);
  }
  return result;
}

}  // namespace cv::mixmim
