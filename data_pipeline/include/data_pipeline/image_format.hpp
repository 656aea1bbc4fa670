#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Formats told apart by their first bytes, because names of files may be wrong.
enum class ImageFormat {
  kUnknown,
  kJpeg,
  kPng,
  kPnm,
  kBmp,
  kTiff,
  kWebp,
  kGif,
  kJpeg2000,
  kAvif,
  kHeic,
  kJpegXl,
  kPsd,
};

const char* nameOf(ImageFormat format);  ///< "JPEG"

ImageFormat formatOf(const std::vector<uint8_t>& bytes);

/// "" for a format that is read on this machine, else why it is not, and what to do: "HEIC is not read here;
/// convert it to JPEG or PNG". GIF, JPEG 2000 and AVIF are read where this machine's OpenCV has a codec.
std::string whyNotRead(ImageFormat format);

/// Width and height that the header of a PNG, PNM, BMP, TIFF, WebP, GIF, JPEG 2000 or AVIF claims, found
/// without decoding, so that a size can be refused before anything is allocated. Throws Error when the header
/// is cut off, damaged, or names an empty image.
cv::Size claimedSize(ImageFormat format, const std::vector<uint8_t>& bytes);

}  // namespace cv::mixmim
