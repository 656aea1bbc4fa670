#include "opencv2/mixmim/orientation.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include <opencv2/imgcodecs.hpp>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/webp_frame.hpp"

namespace cv::mixmim {

namespace {

/// Bytes of a picture; reading behind their end gives zeros.
struct Part {
  const uint8_t* bytes = nullptr;
  size_t size = 0;

  bool begins(std::string_view text) const {
    return size >= text.size() && std::memcmp(bytes, text.data(), text.size()) == 0;
  }
  /// From `offset`, at most `length` bytes.
  Part at(size_t offset, size_t length = SIZE_MAX) const {
    if (offset > size) return {};
    return {bytes + offset, std::min(length, size - offset)};
  }
  size_t number(size_t offset, size_t length, bool bigEndian) const {
    size_t value = 0;
    for (size_t i = 0; i < length; ++i) {
      const size_t from = offset + (bigEndian ? i : length - 1 - i);
      value = value << 8 | (from < size ? bytes[from] : 0);
    }
    return value;
  }
};

constexpr std::string_view kExif("Exif\0\0", 6);

/// The first directory of an EXIF block, which is a TIFF without pixels: entries of 12 bytes.
int tagOf(const Part& exif) {
  constexpr size_t kOrientation = 0x0112, kShort = 3;
  const bool bigEndian = exif.begins("MM");
  if (!bigEndian && !exif.begins("II")) return 1;
  const size_t directory = exif.number(4, 4, bigEndian), entries = exif.number(directory, 2, bigEndian);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry >= exif.size) return 1;
    if (exif.number(entry, 2, bigEndian) != kOrientation) continue;
    const bool isShort = exif.number(entry + 2, 2, bigEndian) == kShort;
    const size_t value = exif.number(entry + 8, 2, bigEndian);
    return isShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// Segments up to the pixels: 0xff, a marker, a length that counts itself.
int tagOfJpeg(const Part& file) {
  constexpr size_t kApp1 = 0xe1, kStartOfScan = 0xda;
  for (size_t at = 2; at + 4 <= file.size && file.bytes[at] == 0xff;) {
    const size_t marker = file.bytes[at + 1];
    if (marker == 0xff) {  // fill
      ++at;
      continue;
    }
    if (marker == kStartOfScan) break;
    const size_t length = file.number(at + 2, 2, /*bigEndian=*/true);
    const Part content = file.at(at + 4, length < 2 ? 0 : length - 2);
    if (marker == kApp1 && content.begins(kExif)) return tagOf(content.at(kExif.size()));
    at += 2 + length;
  }
  return 1;
}

/// Chunks: length, name, content, check sum.
int tagOfPng(const Part& file) {
  for (size_t at = 8; at + 12 <= file.size;) {
    const size_t length = file.number(at, 4, /*bigEndian=*/true);
    if (file.at(at + 4).begins("eXIf")) return tagOf(file.at(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

/// Chunks: name, length, content, a byte more where the length is odd.
int tagOfWebp(const Part& file) {
  for (size_t at = 12; at + 8 <= file.size;) {
    const size_t length = file.number(at + 4, 4, /*bigEndian=*/false);
    const Part content = file.at(at + 8, length);
    if (file.at(at).begins("EXIF")) return tagOf(content.begins(kExif) ? content.at(kExif.size()) : content);
    at += 8 + length + length % 2;
  }
  return 1;
}

/// An orientation as what to do with the stored pixels: transpose first, then mirror.
struct Turn {
  bool transposed, leftRight, upDown;
};

Turn turnOf(int orientation) {
  constexpr Turn kTurns[] = {{false, false, false}, {false, true, false}, {false, true, true},
                             {false, false, true},  {true, false, false}, {true, true, false},
                             {true, true, true},    {true, false, true}};
  if (orientation < 1 || orientation > 8) throw Error("orientation", "expected 1 to 8");
  return kTurns[orientation - 1];
}

}  // namespace

const char* nameOf(Orientation orientation) {
  return orientation == Orientation::kApply ? "apply" : "ignore";
}

std::optional<Orientation> orientationNamed(const std::string& word) {
  for (const Orientation orientation : {Orientation::kIgnore, Orientation::kApply})
    if (word == nameOf(orientation)) return orientation;
  return std::nullopt;
}

int orientationOf(const std::vector<uint8_t>& bytes) {
  const Part file{bytes.data(), bytes.size()};
  if (file.begins("\xff\xd8")) return tagOfJpeg(file);
  if (file.begins("\x89PNG\r\n\x1a\n")) return tagOfPng(file);
  if (file.begins("RIFF") && file.at(8).begins("WEBP")) return tagOfWebp(file);
  return 1;
}

cv::Size turnedSize(cv::Size stored, int orientation) {
  return turnOf(orientation).transposed ? cv::Size(stored.height, stored.width) : stored;
}

cv::Rect storedRegion(cv::Rect region, cv::Size stored, int orientation) {
  const Turn turn = turnOf(orientation);
  const cv::Size whole = turnedSize(stored, orientation);
  if (turn.leftRight) region.x = whole.width - region.x - region.width;
  if (turn.upDown) region.y = whole.height - region.y - region.height;
  return turn.transposed ? cv::Rect(region.y, region.x, region.height, region.width) : region;
}

void turn(const cv::Mat& stored, int orientation, cv::Mat& out) {
  constexpr int kUpDown = 0, kLeftRight = 1, kBoth = -1;  // as cv::flip numbers them
  const Turn turn = turnOf(orientation);
  cv::Mat turned = stored;
  if (turn.transposed) {
    turned.release();
    cv::transpose(stored, turned);
  }
  if (turn.leftRight || turn.upDown)
    cv::flip(turned, out, turn.leftRight && turn.upDown ? kBoth : turn.leftRight ? kLeftRight : kUpDown);
  else if (turn.transposed)
    out = turned;
  else
    stored.copyTo(out);
}

namespace {

cv::Mat stored(const std::vector<uint8_t>& bytes) {
  return bytes.empty() ? cv::Mat() : cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
}

/// The first frame of an animated WebP, because not every OpenCV reads one; else an empty picture.
cv::Mat firstFrame(const std::vector<uint8_t>& bytes) {
  try {
    const std::optional<WebpFrame> frame = firstFrameOf(bytes);
    return frame ? frame->onCanvas(stored(frame->file)) : cv::Mat();
  } catch (const Error&) {
    return {};  // damaged
  }
}

}  // namespace

cv::Mat decodePicture(const std::vector<uint8_t>& bytes, Orientation orientation) {
  cv::Mat picture = stored(bytes);
  if (picture.empty()) picture = firstFrame(bytes);
  const int tag = orientation == Orientation::kApply ? orientationOf(bytes) : 1;
  if (!picture.empty() && tag != 1) turn(picture.clone(), tag, picture);
  return picture;
}

cv::Mat readPicture(const std::string& path, Orientation orientation) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, "cannot be read");
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  cv::Mat picture = decodePicture(bytes, orientation);
  if (picture.empty())
    throw Error(path, "is not a picture that OpenCV can read", "convert it to JPEG or PNG");
  return picture;
}

}  // namespace cv::mixmim
