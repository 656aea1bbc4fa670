#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The first picture of an animated WebP as a WebP file of its own, because OpenCV before 4.11 reads no
/// animated ones.
struct WebpFrame {
  std::vector<uint8_t> file;
  cv::Rect place;  ///< in the whole picture, which is black elsewhere
};

/// None for a WebP that is not animated. Throws Error, whose message is the reason without a file name, where
/// its parts do not lie inside the file or the frame not inside the picture.
std::optional<WebpFrame> firstFrameOf(const std::vector<uint8_t>& webp);

}  // namespace cv::mixmim
