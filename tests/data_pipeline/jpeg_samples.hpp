// JPEG files of every kind that cameras and hostile people make; OpenCV's encoder knows only one of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim::test {

struct JpegKind {
  std::string name = "colour420";
  int horizontal = 2, vertical = 2;  ///< sampling factors of the brightness
  bool progressive = false;
  bool unrefined = false;  ///< progressive without its refining scans
  bool arithmetic = false;
  int restartRows = 0;  ///< block rows between restart markers
  enum Colours { kColour, kGrey, kCmyk, kYcck, kPlainRgb } colours = kColour;
};

/// All kinds the decoder must handle.
std::vector<JpegKind> jpegKinds();

/// Encodes an image of 8 bits: 1 channel for kGrey, 3 (in the order R G B), or 4 inks as stored in the file.
std::vector<uint8_t> encodeJpeg(const cv::Mat& image, const JpegKind& kind = {}, int quality = 85);

/// A picture with the number of channels that `kind` wants.
cv::Mat pictureFor(const JpegKind& kind, cv::Size size);

}  // namespace cv::mixmim::test
