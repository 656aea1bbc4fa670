// A grid of tokens or pixels under a mask of cells. Its members are counted in raster order.
#pragma once

#include <cstdint>
#include <utility>

#include <opencv2/core.hpp>

namespace cv::mixmim {

class MixedGrid {
 public:
  /// `mask`: as for tokenOrder(). `cells`: the mask's size, also where it is empty.
  MixedGrid(cv::Size size, cv::Size cells, cv::Mat mask)
      : size_(size), factor_(size.width / cells.width), mask_(std::move(mask)) {}

  cv::Size size() const { return size_; }
  int perCell() const { return factor_; }  ///< tokens per axis of a cell

  int row(int64_t token) const { return static_cast<int>(token / size_.width); }
  int column(int64_t token) const { return static_cast<int>(token % size_.width); }
  int64_t at(int row, int column) const { return int64_t{row} * size_.width + column; }
  bool contains(int row, int column) const {
    return row >= 0 && row < size_.height && column >= 0 && column < size_.width;
  }

  /// Whether a token shows the partner.
  bool partner(int64_t token) const {
    return !mask_.empty() && mask_.at<uchar>(row(token) / factor_, column(token) / factor_) != 0;
  }

 private:
  cv::Size size_;
  int factor_;
  cv::Mat mask_;
};

}  // namespace cv::mixmim
