#include "data_pipeline/image_format.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <opencv2/imgcodecs.hpp>

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

WideSize gifSize(const Bytes& bytes) {
  const Header header(bytes, false);
  return {header.u16(6), header.u16(8)};
}

/// A bare codestream, or one in boxes, of which "ihdr" stands near the beginning.
WideSize jpeg2000Size(const Bytes& bytes) {
  constexpr size_t kBoxes = 512;
  const Header header(bytes, true);
  if (bytes[0] == 0xff) return {header.u32(8) - header.u32(16), header.u32(12) - header.u32(20)};
  for (size_t at = 12; at < std::min(bytes.size(), kBoxes); ++at)
    if (hasAt(bytes, at, "ihdr")) return {header.u32(at + 8), header.u32(at + 4)};
  throw Error("the header is cut off");
}

/// The largest of its parts: thumbnails and tiles have sizes, too.
WideSize avifSize(const Bytes& bytes) {
  constexpr size_t kProperties = 64 << 10;
  const Header header(bytes, true);
  WideSize size;
  for (size_t at = 12; at < std::min(bytes.size(), kProperties); ++at) {
    if (!hasAt(bytes, at, "ispe")) continue;
    const WideSize part{header.u32(at + 8), header.u32(at + 12)};
    if (part.width > size.width) size = part;
  }
  return size;
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
    case ImageFormat::kGif:
      return gifSize(bytes);
    case ImageFormat::kJpeg2000:
      return jpeg2000Size(bytes);
    case ImageFormat::kAvif:
      return avifSize(bytes);
    default:
      throw Error(std::string(nameOf(format)) + " has no size known here");
  }
}

/// The first box of AVIF and HEIC: "ftyp", a brand, a version, and more brands.
ImageFormat formatOfBrands(const Bytes& bytes) {
  constexpr size_t kBrand = 8, kMoreBrands = 16, kMost = 32;
  const auto end = std::min(static_cast<size_t>(Header(bytes, true).u32(0)), bytes.size());
  ImageFormat format = ImageFormat::kUnknown;
  for (size_t at = kBrand; at + 4 <= std::min(end, kMoreBrands + 4 * kMost); at += at == kBrand ? 8 : 4) {
    if (hasAt(bytes, at, "avif") || hasAt(bytes, at, "avis")) return ImageFormat::kAvif;
    for (const char* brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"})
      if (hasAt(bytes, at, brand)) format = ImageFormat::kHeic;
  }
  return format;
}

}  // namespace

const char* nameOf(ImageFormat format) {
  constexpr const char* kNames[] = {"unknown format", "JPEG", "PNG",  "PNM",     "BMP", "TIFF", "WebP", "GIF",
                                    "JPEG 2000",      "AVIF", "HEIC", "JPEG XL", "PSD"};
  return kNames[static_cast<int>(format)];
}

std::string whyNotRead(ImageFormat format) {
  // OpenCV has reader and writer of these formats from one library, and tells of writers without a file.
  static const bool gif = cv::haveImageWriter(".gif"), jpeg2000 = cv::haveImageWriter(".jp2"),
                    avif = cv::haveImageWriter(".avif");
  const bool isRead = format < ImageFormat::kGif || (format == ImageFormat::kGif && gif) ||
                      (format == ImageFormat::kJpeg2000 && jpeg2000) ||
                      (format == ImageFormat::kAvif && avif);
  if (format == ImageFormat::kUnknown) return "not an image of a known format";
  return isRead ? std::string()
                : std::string(nameOf(format)) + " is not read here; convert it to JPEG or PNG";
}

ImageFormat formatOf(const Bytes& bytes) {
  using namespace std::string_literals;  // some of the beginnings hold zeros
  static const std::pair<std::string, ImageFormat> kBeginnings[] = {
      {"\xff\xd8\xff", ImageFormat::kJpeg},
      {"\x89PNG\r\n\x1a\n", ImageFormat::kPng},
      {"II*\0"s, ImageFormat::kTiff},
      {"MM\0*"s, ImageFormat::kTiff},
      {"GIF8", ImageFormat::kGif},
      {"BM", ImageFormat::kBmp},
      {"\0\0\0\x0cjP  \r\n\x87\n"s, ImageFormat::kJpeg2000},
      {"\xff\x4f\xff\x51", ImageFormat::kJpeg2000},
      {"\0\0\0\x0cJXL \r\n\x87\n"s, ImageFormat::kJpegXl},
      {"\xff\x0a", ImageFormat::kJpegXl},
      {"8BPS", ImageFormat::kPsd},
  };
  for (const auto& [beginning, format] : kBeginnings)
    if (hasAt(bytes, 0, beginning)) return format;
  if (hasAt(bytes, 0, "RIFF") && hasAt(bytes, 8, "WEBP")) return ImageFormat::kWebp;
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && std::isspace(bytes[2]))
    return ImageFormat::kPnm;
  return hasAt(bytes, 4, "ftyp") ? formatOfBrands(bytes) : ImageFormat::kUnknown;
}

cv::Size claimedSize(ImageFormat format, const Bytes& bytes) {
  const WideSize size = wideSize(format, bytes);
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  if (size.width < 1 || size.height < 1 || size.width > kMax || size.height > kMax)
    throw Error("the header names no sensible size");
  return {static_cast<int>(size.width), static_cast<int>(size.height)};
}

}  // namespace cv::mixmim
