// Animated WebP: its first picture, which is what training and applications see of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The first picture of an animated WebP as a WebP file of its own, because OpenCV before 4.11 reads no
/// animated ones.
struct CV_EXPORTS WebpFrame {
  std::vector<uint8_t> file;  ///< the picture alone, encoded
  cv::Size canvas;            ///< of the whole picture
  cv::Rect place;             ///< in it

  /// The whole picture, black around `pixels`, which are those of `file`. Throws Error where they have
  /// another size than the place.
  cv::Mat onCanvas(const cv::Mat& pixels) const;
};

/// None for a WebP that is not animated. Throws Error, whose message is the reason without a file name, where
/// its parts do not lie inside the file or the frame not inside the picture.
CV_EXPORTS std::optional<WebpFrame> firstFrameOf(const std::vector<uint8_t>& webp);

}  // namespace cv::mixmim
