#include "opencv2/mixmim/webp_frame.hpp"

#include <string_view>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kRiffHeader = 12, kChunkHeader = 8;
constexpr uint8_t kAnimated = 0x02, kWithAlpha = 0x10;

/// Little-endian numbers inside bytes; a read behind the end is an error.
size_t numberAt(std::string_view bytes, size_t offset, size_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) throw Error("WebP: a frame is cut off");
  size_t value = 0;
  for (size_t i = 0; i < length; ++i)
    value |= static_cast<size_t>(static_cast<uint8_t>(bytes[offset + i])) << 8 * i;
  return value;
}

void append(std::string& bytes, size_t number, size_t length) {
  for (size_t i = 0; i < length; ++i) bytes += static_cast<char>(number >> 8 * i & 0xff);
}

/// The content of the first chunk of that name.
std::string_view chunkNamed(std::string_view name, std::string_view bytes) {
  for (size_t at = kRiffHeader; at < bytes.size();) {
    const size_t size = numberAt(bytes, at + 4, 4), content = at + kChunkHeader;
    if (size > bytes.size() - content) throw Error("WebP: a frame is cut off");
    if (bytes.substr(at, name.size()) == name) return bytes.substr(content, size);
    at = content + size + size % 2;
  }
  throw Error("WebP: an animation without frames");
}

/// "VP8X" with nothing but the alpha flag and a size.
std::string extendedHeader(cv::Size size) {
  std::string chunk = "VP8X";
  append(chunk, 10, 4);
  append(chunk, kWithAlpha, 4);
  append(chunk, static_cast<size_t>(size.width - 1), 3);
  append(chunk, static_cast<size_t>(size.height - 1), 3);
  return chunk;
}

std::string riff(const std::string& chunks) {
  std::string file = "RIFF";
  append(file, chunks.size() + 4, 4);
  return file + "WEBP" + chunks;
}

}  // namespace

std::optional<WebpFrame> firstFrameOf(const std::vector<uint8_t>& webp) {
  const std::string_view bytes(reinterpret_cast<const char*>(webp.data()), webp.size());
  if (bytes.substr(0, 4) != "RIFF" || bytes.size() < 30 || bytes.substr(kRiffHeader, 4) != "VP8X") return {};
  if ((numberAt(bytes, 20, 1) & kAnimated) == 0) return {};
  const cv::Rect canvas(0, 0, static_cast<int>(numberAt(bytes, 24, 3)) + 1,
                        static_cast<int>(numberAt(bytes, 27, 3)) + 1);
  const std::string_view frame = chunkNamed("ANMF", bytes);
  const auto number = [&](size_t offset) { return static_cast<int>(numberAt(frame, offset, 3)); };
  const cv::Rect place(2 * number(0), 2 * number(3), number(6) + 1, number(9) + 1);
  if ((place & canvas) != place) throw Error("WebP: a frame lies outside the picture");
  constexpr size_t kFrameHeader = 16;
  if (frame.size() < kFrameHeader) throw Error("WebP: a frame is cut off");
  const std::string chunks(frame.substr(kFrameHeader));
  const std::string file = riff((startsWith(chunks, "ALPH") ? extendedHeader(place.size()) : "") + chunks);
  return WebpFrame{{file.begin(), file.end()}, canvas.size(), place};
}

cv::Mat WebpFrame::onCanvas(const cv::Mat& pixels) const {
  if (pixels.size() != place.size()) throw Error("WebP: a frame has two sizes");
  cv::Mat picture(canvas, pixels.type(), cv::Scalar::all(0));
  pixels.copyTo(picture(place));
  return picture;
}

}  // namespace cv::mixmim
