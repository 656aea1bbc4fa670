#include "data_pipeline/decode.hpp"

#include <optional>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/webp_frame.hpp"

namespace cv::mixmim {

namespace {

/// OpenCV's channel order (grey, BGR or BGRA) to RGB, the upper 8 bits of each value. Not cv::cvtColor: that
/// may start threads of its own inside a worker.
template <class Value>
void toRgb(const cv::Mat& in, cv::Mat& out) {
  constexpr int kShift = 8 * (sizeof(Value) - 1);
  const int channels = in.channels(), green = channels == 1 ? 0 : 1, red = channels == 1 ? 0 : 2;
  for (int y = 0; y < in.rows; ++y) {
    const Value* from = in.ptr<Value>(y);
    uint8_t* to = out.ptr(y);
    for (int x = 0; x < in.cols; ++x, from += channels, to += 3) {
      to[0] = static_cast<uint8_t>(from[red] >> kShift);
      to[1] = static_cast<uint8_t>(from[green] >> kShift);
      to[2] = static_cast<uint8_t>(from[0] >> kShift);
    }
  }
}

/// The picture as OpenCV decodes it.
cv::Mat readByOpenCv(const std::vector<uint8_t>& bytes, const char* name) {
  try {
    cv::Mat image = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
    if (!image.empty()) return image;
  } catch (const cv::Exception& failure) {
    throw Error(name, failure.err);
  }
  throw Error(name, "cannot be decoded, damaged or of an unknown kind");
}

/// The first frame of an animated WebP where it belongs in the picture; else an empty image.
cv::Mat readFirstFrame(const std::vector<uint8_t>& bytes, const ImageHeader& header) {
  if (header.format != ImageFormat::kWebp) return {};
  const std::optional<WebpFrame> frame = firstFrameOf(bytes);
  if (!frame) return {};
  return frame->onCanvas(readByOpenCv(frame->file, nameOf(header.format)));
}

/// The whole image as OpenCV reads it, unconverted and unrotated.
cv::Mat readWhole(const std::vector<uint8_t>& bytes, const ImageHeader& header) {
  const char* name = nameOf(header.format);
  cv::Mat image = readFirstFrame(bytes, header);
  if (image.empty()) image = readByOpenCv(bytes, name);
  if (image.size() != header.size)
    throw Error(name, fmt::format("expected {} x {} as the header says, got {} x {}", header.size.width,
                                  header.size.height, image.cols, image.rows));
  const int channels = image.channels();
  if ((image.depth() != CV_8U && image.depth() != CV_16U) ||
      (channels != 1 && channels != 3 && channels != 4))
    throw Error(name, "expected 8 or 16 bits per value and 1, 3 or 4 channels, got " +
                          cv::typeToString(image.type()));
  return image;
}

}  // namespace

ImageHeader ImageDecoder::open(const std::vector<uint8_t>& bytes, Orientation orientation) {
  header_ = {};
  if (bytes.empty()) throw Error("the file is empty");
  const ImageFormat format = formatOf(bytes);
  if (const std::string reason = whyNotRead(format); !reason.empty()) throw Error(reason);
  header_ = {format, format == ImageFormat::kJpeg ? jpeg_.open(bytes) : claimedSize(format, bytes)};
  if (int64_t{header_.size.width} * header_.size.height > limits_.pixels)
    throw Error(nameOf(format), fmt::format("expected at most {} pixels, got {} x {}", limits_.pixels,
                                            header_.size.width, header_.size.height));
  bytes_ = &bytes;
  orientation_ = orientation == Orientation::kApply ? orientationOf(bytes) : 1;
  return {format, turnedSize(header_.size, orientation_)};
}

cv::Mat ImageDecoder::decode(cv::Rect region) {
  if (orientation_ == 1) return decodeStored(region);
  turn(decodeStored(storedRegion(region, header_.size, orientation_)), orientation_, turned_);
  return turned_;
}

cv::Mat ImageDecoder::decodeStored(cv::Rect region) {
  if (header_.format == ImageFormat::kJpeg) return jpeg_.decode(region);
  if (header_.format == ImageFormat::kUnknown) throw Error("ImageDecoder::decode: no image was opened");
  const cv::Mat image = readWhole(*bytes_, header_)(region);
  pixels_.create(image.size(), CV_8UC3);
  if (image.depth() == CV_8U)
    toRgb<uint8_t>(image, pixels_);
  else
    toRgb<uint16_t>(image, pixels_);
  return pixels_;
}

}  // namespace cv::mixmim
