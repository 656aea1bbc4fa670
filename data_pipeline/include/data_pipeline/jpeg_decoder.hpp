#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The limits of a file. Both are checked in the header, before memory is allocated for the pixels.
struct DecodeLimits {
  int64_t pixels = 178'956'970;  ///< width * height; Pillow's limit
  int scans = 500;               ///< of a progressive JPEG; ordinary ones have about 10
};

struct JpegState;

/// JPEG to RGB with the pixels that Pillow, torchvision and OpenCV get from libjpeg-turbo: exact integer DCT,
/// smooth upsampling of colour, orientation tag and colour profile ignored. Grey is replicated; CMYK and YCCK
/// are taken as inverted, as Adobe writes them.
///
/// Only the wanted region is decoded, one column wider on both sides so that upsampling sees the neighbours
/// it would see in the whole image: the pixels are those of a full decode, cropped. A file that does not end
/// in the end marker is decoded to its last row whatever the region, because it may be truncated, and that
/// must not depend on the crop.
///
/// One object per thread; it keeps its pixel memory from image to image.
class JpegDecoder {
 public:
  explicit JpegDecoder(const DecodeLimits& limits = {});
  ~JpegDecoder();

  /// Reads the header; `bytes` must stay as they are until decode() returns. Throws Error with libjpeg's
  /// reason.
  cv::Size open(const std::vector<uint8_t>& bytes);

  /// Pixels of `region`, CV_8UC3 RGB, in memory of the decoder: valid until the next call. Once per open().
  /// Throws Error for what libjpeg cannot decode and for a truncated file (rows missing; only the end marker
  /// missing is a warning).
  cv::Mat decode(cv::Rect region);

  /// How often libjpeg warned about the last image (damage that it worked around), and its first warning.
  int64_t warnings() const;
  std::string warning() const;

 private:
  std::unique_ptr<JpegState> state_;
  DecodeLimits limits_;
};

}  // namespace cv::mixmim
