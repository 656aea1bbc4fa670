#include "data_pipeline/jpeg_decoder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "decode/jpeg_state.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kKeptBytes = size_t{64} << 20;  // of pixels, for the next image; a rare giant is let go

bool hasFourInks(const jpeg_decompress_struct& jpeg) {
  return jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
}

/// Counts the scans when only the header has been read, because a small file could ask for minutes of work.
/// Scans begin with a marker that cannot occur in the compressed data between them.
void checkScans(JpegState& state, int limit) {
  if (!jpeg_has_multiple_scans(&state.jpeg)) return;
  constexpr uint8_t kStartOfScan[] = {0xff, 0xda};
  int scans = 0;
  const uint8_t* end = state.bytes + state.size;
  for (const uint8_t* at = state.bytes; scans <= limit; ++scans, at += sizeof kStartOfScan) {
    at = std::search(at, end, std::begin(kStartOfScan), std::end(kStartOfScan));
    if (at == end) return;
  }
  throw Error("JPEG", fmt::format("expected at most {} scans", limit));
}

bool endsInEndMarker(const JpegState& state) {
  return state.size >= 2 && state.bytes[state.size - 2] == 0xff && state.bytes[state.size - 1] == 0xd9;
}

/// Whether the scans of a progressive image left bits open, because libjpeg smooths such blocks with their
/// neighbours, which must then be there.
bool isUnrefined(const jpeg_decompress_struct& jpeg) {
  constexpr int kSmoothed = 10;  // the coefficients that decide about smoothing
  if (!jpeg.progressive_mode || !jpeg.coef_bits) return false;
  for (int component = 0; component < jpeg.num_components; ++component)
    if (std::any_of(jpeg.coef_bits[component], jpeg.coef_bits[component] + kSmoothed,
                    [](int bits) { return bits != 0; }))
      return true;
  return false;
}

/// The region widened so that its columns come out as in the whole image. It gets one more column on both
/// sides, because upsampling interpolates between neighbours. It has at least eight, because libjpeg chooses
/// its upsampling by the width of the whole image, and the code for ordinary widths reads and writes out of
/// bounds where a crop leaves less than three colour samples, six pixels, per row.
cv::Rect neededColumns(cv::Rect region, int imageWidth) {
  constexpr int kMargin = 1, kNarrowest = 8;
  int left = std::max(0, region.x - kMargin);
  const int right = std::min(imageWidth, std::max(region.br().x + kMargin, left + kNarrowest));
  left = std::max(0, std::min(left, right - kNarrowest));
  return {left, region.y, right - left, region.height};
}

void checkComplete(const JpegState& state, bool unrefined) {
  if (!state.endOfFile) return;
  // An arithmetic decoder does not notice missing data.
  if (state.dataMissing || unrefined || state.jpeg.arith_code) throw Error("JPEG", kTruncatedJpeg);
}

/// Four bytes to three, in place. The inks come inverted, as 255 - ink, because Adobe writes them so and
/// Pillow assumes it.
void inksToRgb(JpegState& state) {
  for (int y = 0; y < state.decoded.height; ++y) {
    uint8_t* out = state.pixels.data() + state.step * static_cast<size_t>(y);
    const uint8_t* in = out;
    for (int x = 0; x < state.decoded.width; ++x, in += 4, out += 3) {
      const int white = in[3];  // 255 - black
      for (int c = 0; c < 3; ++c) {
        const int product = (255 - in[c]) * white + 128;
        out[c] = static_cast<uint8_t>(std::clamp(white - (((product >> 8) + product) >> 8), 0, 255));
      }
    }
  }
}

}  // namespace

JpegDecoder::JpegDecoder(const DecodeLimits& limits)
    : state_(std::make_unique<JpegState>()), limits_(limits) {}

JpegDecoder::~JpegDecoder() = default;

cv::Size JpegDecoder::open(const std::vector<uint8_t>& bytes) {
  JpegState& state = *state_;
  if (state.pixels.capacity() > kKeptBytes) std::vector<uint8_t>().swap(state.pixels);
  state.readHeader(bytes.data(), bytes.size());
  const int64_t width = state.jpeg.image_width, height = state.jpeg.image_height;
  if (width * height > limits_.pixels)
    throw Error("JPEG",
                fmt::format("expected at most {} pixels, got {} x {}", limits_.pixels, width, height));
  checkScans(state, limits_.scans);
  return {static_cast<int>(width), static_cast<int>(height)};
}

cv::Mat JpegDecoder::decode(cv::Rect region) {
  JpegState& state = *state_;
  const cv::Rect image(0, 0, static_cast<int>(state.jpeg.image_width),
                       static_cast<int>(state.jpeg.image_height));
  if (region.empty() || (region & image) != region)
    throw Error("JPEG", fmt::format("expected a region inside {} x {}, got {} x {} at ({}, {})", image.width,
                                    image.height, region.width, region.height, region.x, region.y));
  state.start(hasFourInks(state.jpeg) ? JCS_CMYK : JCS_RGB);
  const bool unrefined = isUnrefined(state.jpeg), whole = unrefined || !endsInEndMarker(state);
  state.decoded = whole ? image : neededColumns(region, image.width);
  if (state.decoded.width < image.width) state.crop();
  state.readRows();
  if (whole) state.finish();
  jpeg_abort_decompress(&state.jpeg);
  checkComplete(state, unrefined);
  if (state.jpeg.output_components == 4) inksToRgb(state);
  const cv::Mat pixels(state.decoded.height, state.decoded.width, CV_8UC3, state.pixels.data(), state.step);
  return pixels(region - state.decoded.tl());
}

int64_t JpegDecoder::warnings() const {
  return state_->warnings;
}

std::string JpegDecoder::warning() const {
  return state_->warning;
}

}  // namespace cv::mixmim
