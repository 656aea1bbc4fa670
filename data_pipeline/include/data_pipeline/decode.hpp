#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "data_pipeline/image_format.hpp"
#include "data_pipeline/jpeg_decoder.hpp"
#include "opencv2/mixmim/orientation.hpp"

namespace cv::mixmim {

struct ImageHeader {
  ImageFormat format = ImageFormat::kUnknown;
  cv::Size size;  ///< after turning
};

/// Decodes every accepted format to RGB with Pillow's pixels. The format is told by the first bytes, not by
/// the name.
///
///   decoder.open(bytes);                      // size, limits
///   cv::Mat rgb = decoder.decode(region);     // only what is needed, where the format allows
///
/// JPEG: see JpegDecoder. PNG, PNM, BMP, TIFF, WebP through OpenCV: grey is replicated, palettes are
/// resolved, alpha is dropped, of 16 bits the upper 8 are kept (Pillow clips 16-bit grey instead). An
/// animated WebP is its first frame. JPEG 2000, GIF (its first frame) and AVIF where OpenCV has their codecs;
/// anything else is refused by name. Orientation tags (opencv2/mixmim/orientation.hpp) are ignored, or
/// applied before anything else sees the picture: sizes and regions are those of the turned picture.
///
/// One object per thread. Errors: Error, whose message is the reason without a file name.
class ImageDecoder {
 public:
  explicit ImageDecoder(const DecodeLimits& limits = {}) : limits_(limits), jpeg_(limits) {}

  /// Reads the header; `bytes` must stay as they are until decode() returns.
  ImageHeader open(const std::vector<uint8_t>& bytes, Orientation orientation = Orientation::kIgnore);

  /// Pixels of `region` of the opened image, CV_8UC3 RGB, in memory of the decoder: valid until the next
  /// call.
  cv::Mat decode(cv::Rect region);

  /// Warnings of the last decode(): damage that was worked around. Only JPEG has any.
  int64_t warnings() const { return header_.format == ImageFormat::kJpeg ? jpeg_.warnings() : 0; }
  std::string warning() const {
    return header_.format == ImageFormat::kJpeg ? jpeg_.warning() : std::string();
  }

 private:
  cv::Mat decodeStored(cv::Rect region);

  DecodeLimits limits_;
  JpegDecoder jpeg_;
  ImageHeader header_;   // of the stored picture
  int orientation_ = 1;  // its tag, or 1 where tags are ignored
  const std::vector<uint8_t>* bytes_ = nullptr;
  cv::Mat pixels_, turned_;
};

}  // namespace cv::mixmim
