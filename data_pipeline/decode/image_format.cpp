#include "data_pipeline/image_format.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

using Bytes = std::vector<uint8_t>;

struct WideSize {
  int64_t width = 0, height = 0;
};

/// Reads numbers out of a header; a read behind the end is an error.
class Header {
 public:
  Header(const Bytes& bytes, bool bigEndian) : bytes_(bytes), bigEndian_(bigEndian) {}

  int64_t number(size_t offset, size_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) throw Error("the header is cut off");
    int64_t value = 0;
    for (size_t i = 0; i < length; ++i) {
      const size_t shift = 8 * (bigEndian_ ? length - 1 - i : i);
      value |= int64_t{bytes_[offset + i]} << shift;
    }
    return value;
  }
  int64_t u8(size_t offset) const { return number(offset, 1); }
  int64_t u16(size_t offset) const { return number(offset, 2); }
  int64_t u24(size_t offset) const { return number(offset, 3); }
  int64_t u32(size_t offset) const { return number(offset, 4); }

 private:
  const Bytes& bytes_;
  bool bigEndian_;
};

bool hasAt(const Bytes& bytes, size_t offset, const std::string& text) {
  return bytes.size() >= offset + text.size() &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

WideSize pngSize(const Bytes& bytes) {
  const Header header(bytes, true);
  return {header.u32(16), header.u32(20)};
}

WideSize bmpSize(const Bytes& bytes) {
  const Header header(bytes, false);
  if (header.u32(14) == 12) return {header.u16(18), header.u16(20)};  // OS/2
  const auto height = static_cast<int32_t>(header.u32(22));           // negative: stored from the top
  return {static_cast<int32_t>(header.u32(18)), height < 0 ? -int64_t{height} : height};
}

/// "P6 # comment\n 640 480": numbers after the magic, separated by blanks and comments.
WideSize pnmSize(const Bytes& bytes) {
  size_t at = 2;
  const auto next = [&]() -> int64_t {
    while (at < bytes.size() && (std::isspace(bytes[at]) || bytes[at] == '#'))
      if (bytes[at++] == '#')
        while (at < bytes.size() && bytes[at] != '\n') ++at;
    int64_t value = 0;
    for (; at < bytes.size() && std::isdigit(bytes[at]); ++at)
      value = std::min<int64_t>(value * 10 + bytes[at] - '0', std::numeric_limits<int32_t>::max());
    if (at == bytes.size()) throw Error("the header is cut off");
    return value;
  };
  const int64_t width = next();
  return {width, next()};
}

/// The first image file directory; its entries have 12 bytes: tag, type, count, value.
WideSize tiffSize(const Bytes& bytes) {
  constexpr int64_t kWidth = 256, kHeight = 257, kShort = 3;
  const Header header(bytes, bytes[0] == 'M');
  const auto directory = static_cast<size_t>(header.u32(4));
  const auto entries = static_cast<size_t>(header.u16(directory));
  WideSize size;
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    const int64_t tag = header.u16(entry);
    if (tag != kWidth && tag != kHeight) continue;
    const int64_t value = header.u16(entry + 2) == kShort ? header.u16(entry + 8) : header.u32(entry + 8);
    (tag == kWidth ? size.width : size.height) = value;
  }
  return size;
}

WideSize webpSize(const Bytes& bytes) {
  const Header header(bytes, false);
  if (hasAt(bytes, 12, "VP8X")) return {header.u24(24) + 1, header.u24(27) + 1};
  if (hasAt(bytes, 12, "VP8L")) {
    const int64_t bits = header.u32(21);  // 14 bits of each, less one
    return {(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
  }
  return {header.u16(26) & 0x3fff, header.u16(28) & 0x3fff};  // "VP8 ": the upper two bits are scaling hints
}

WideSize wideSize(ImageFormat format, const Bytes& bytes) {
  switch (format) {
    case ImageFormat::kPng:
      return pngSize(bytes);
    case ImageFormat::kPnm:
      return pnmSize(bytes);
    case ImageFormat::kBmp:
      return bmpSize(bytes);
    case ImageFormat::kTiff:
      return tiffSize(bytes);
    case ImageFormat::kWebp:
      return webpSize(bytes);
    default:
      throw Error(std::string(nameOf(format)) + " has no size known here");
  }
}

}  // namespace

const char* nameOf(ImageFormat format) {
  constexpr const char* kNames[] = {"unknown format", "JPEG", "PNG", "PNM", "BMP", "TIFF", "WebP", "GIF"};
  return kNames[static_cast<int>(format)];
}

ImageFormat formatOf(const Bytes& bytes) {
  using namespace std::string_literals;  // some of the beginnings hold zeros
  static const std::pair<std::string, ImageFormat> kBeginnings[] = {
      {"\xff\xd8\xff", ImageFormat::kJpeg}, {"\x89PNG\r\n\x1a\n", ImageFormat::kPng},
      {"II*\0"s, ImageFormat::kTiff},       {"MM\0*"s, ImageFormat::kTiff},
      {"GIF8", ImageFormat::kGif},          {"BM", ImageFormat::kBmp},
  };
  for (const auto& [beginning, format] : kBeginnings)
    if (hasAt(bytes, 0, beginning)) return format;
  if (hasAt(bytes, 0, "RIFF") && hasAt(bytes, 8, "WEBP")) return ImageFormat::kWebp;
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && std::isspace(bytes[2]))
    return ImageFormat::kPnm;
  return ImageFormat::kUnknown;
}

cv::Size claimedSize(ImageFormat format, const Bytes& bytes) {
  const WideSize size = wideSize(format, bytes);
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  if (size.width < 1 || size.height < 1 || size.width > kMax || size.height > kMax)
    throw Error("the header names no sensible size");
  return {static_cast<int>(size.width), static_cast<int>(size.height)};
}

}  // namespace cv::mixmim
