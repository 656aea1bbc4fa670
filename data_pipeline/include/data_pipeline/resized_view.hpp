// A part of a resized picture, with the bytes of cv::resize and without the rest of that picture.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

#include "data_pipeline/label_map.hpp"
#include "data_pipeline/view.hpp"

namespace cv::mixmim {

/// The size of a picture in a box of `longSide` and `shortSide`, proportions kept: the first of its sides
/// that meets its limit decides; rounded half up, at least 1. As mmsegmentation and mmdetection rescale.
cv::Size sizeInBox(cv::Size picture, double longSide, double shortSide);

/// The part that a slot shows of a picture and of its label map, which are resized whole and then cropped. In
/// whole pixels of the resized picture, because only so both come out to the byte.
struct ResizedView {
  cv::Size picture;  ///< as it is decoded
  cv::Size resized;  ///< as it would be resized
  cv::Rect crop;     ///< inside `resized`, not empty
  bool flip = false;

  cv::Rect region() const;  ///< the pixels of the picture that its crop needs
  View view() const;        ///< the same in pixels of the picture, for what follows it exactly
};

/// The two pixels that a column is made of: where their bytes begin in a row of a region, and their weights
/// in 1/2048.
struct BilinearColumn {
  int left, right;
  int ofLeft, ofRight;
};

/// Makes what a view shows. Memory is kept from picture to picture. One object per thread.
class PairResizer {
 public:
  /// Bilinear, without antialiasing: cv::resize with INTER_LINEAR. `region`: the pixels of view.region(),
  /// CV_8UC3. `shown`: of the crop's size, CV_8UC3.
  void showPicture(const ResizedView& view, const cv::Mat& region, cv::Mat& shown);

  /// Nearest: cv::resize with INTER_NEAREST. `labels`: all of the map, CV_8U. `shown`: of the crop's size,
  /// CV_8U.
  void showLabels(const ResizedView& view, const cv::Mat& labels, cv::Mat& shown);

  /// How many pixels of what showLabels makes have each value.
  PixelCounts countLabels(const ResizedView& view, const cv::Mat& labels);

 private:
  using Row = std::vector<int16_t>;

  void prepareColumns(const ResizedView& view, cv::Rect region);
  const int16_t* rowOf(const cv::Mat& region, int y);
  void prepareLabelColumns(const ResizedView& view);

  std::vector<BilinearColumn> columns_;
  std::array<Row, 2> rows_;    // of the region, interpolated along them; by the parity of their number
  std::array<int, 2> held_{};  // which those are
  std::vector<int> labelColumns_;
};

}  // namespace cv::mixmim
