#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Formats told apart by their first bytes, because names of files may be wrong.
enum class ImageFormat { kUnknown, kJpeg, kPng, kPnm, kBmp, kTiff, kWebp, kGif };

const char* nameOf(ImageFormat format);  ///< "JPEG"

ImageFormat formatOf(const std::vector<uint8_t>& bytes);

/// Width and height that the header of a PNG, PNM, BMP, TIFF or WebP claims, found without decoding, so that
/// a size can be refused before anything is allocated. Throws Error when the header is cut off, damaged, or
/// names an empty image.
cv::Size claimedSize(ImageFormat format, const std::vector<uint8_t>& bytes);

}  // namespace cv::mixmim
