#include "data_pipeline/jpeg_decoder.hpp"

#include <algorithm>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it

#include <fmt/format.h>
#include <jpeglib.h>
// jerror.h builds on jpeglib.h
#include <jerror.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

/// libjpeg's struct, the way out of its errors, and the decoded pixels.
///
/// libjpeg reports an error through a call that must not return. A C++ exception cannot cross its C frames,
/// so ours jumps back into survives(); and because a jump must not skip a destructor, the steps it runs are
/// plain functions of this struct that own nothing.
struct JpegState {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape{};
  char error[JMSG_LENGTH_MAX] = "", warning[JMSG_LENGTH_MAX] = "";
  int64_t warnings = 0;
  bool endOfFile = false, dataMissing = false;

  const uint8_t* bytes = nullptr;
  size_t size = 0;
  cv::Rect decoded;             // the part of the image in `pixels`
  std::vector<uint8_t> pixels;  // decoded.height rows
  size_t step = 0;              // bytes per row
};

namespace {

constexpr size_t kKeptBytes = size_t{64} << 20;  // of pixels, for the next image; a rare giant is let go

constexpr const char* kTruncated = "the file is truncated";

JpegState& stateOf(j_common_ptr jpeg) {
  return *static_cast<JpegState*>(jpeg->client_data);
}

[[noreturn]] void onError(j_common_ptr jpeg) {
  JpegState& state = stateOf(jpeg);
  jpeg->err->format_message(jpeg, state.error);
  std::longjmp(state.escape, 1);
}

void onMessage(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // a trace, not a warning
  JpegState& state = stateOf(jpeg);
  if (state.warnings++ == 0) jpeg->err->format_message(jpeg, state.warning);
  if (jpeg->err->msg_code == JWRN_JPEG_EOF) state.endOfFile = true;
  if (jpeg->err->msg_code == JWRN_HIT_MARKER) state.dataMissing = true;
}

/// Runs one step; false when libjpeg gave up, with the reason in state.error.
bool survives(JpegState& state, void (*step)(JpegState&)) {
  if (setjmp(state.escape) != 0) return false;
  step(state);
  return true;
}

void run(JpegState& state, void (*step)(JpegState&)) {
  if (survives(state, step)) return;
  jpeg_abort_decompress(&state.jpeg);
  throw Error("JPEG", state.endOfFile ? kTruncated : state.error);  // the rest is a consequence
}

// The steps.

void create(JpegState& state) {
  jpeg_create_decompress(&state.jpeg);
}

void readHeader(JpegState& state) {
  jpeg_mem_src(&state.jpeg, state.bytes, state.size);
  jpeg_read_header(&state.jpeg, TRUE);
}

bool hasFourInks(const jpeg_decompress_struct& jpeg) {
  return jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
}

void start(JpegState& state) {
  jpeg_decompress_struct& jpeg = state.jpeg;
  jpeg.out_color_space = hasFourInks(jpeg) ? JCS_CMYK : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.do_block_smoothing = TRUE;
  jpeg_start_decompress(&jpeg);  // of a progressive file this reads all scans
}

/// Asks for the columns of state.decoded; libjpeg moves the left edge to a block boundary.
void crop(JpegState& state) {
  JDIMENSION left = static_cast<JDIMENSION>(state.decoded.x),
             width = static_cast<JDIMENSION>(state.decoded.width);
  jpeg_crop_scanline(&state.jpeg, &left, &width);
  state.decoded.x = static_cast<int>(left);
  state.decoded.width = static_cast<int>(state.jpeg.output_width);
}

void readRows(JpegState& state) {
  jpeg_decompress_struct& jpeg = state.jpeg;
  const JDIMENSION top = static_cast<JDIMENSION>(state.decoded.y);
  const JDIMENSION end = top + static_cast<JDIMENSION>(state.decoded.height);
  if (top > 0) jpeg_skip_scanlines(&jpeg, top);
  constexpr JDIMENSION kRows = 16;
  while (jpeg.output_scanline < end) {
    JSAMPROW rows[kRows];
    const JDIMENSION n = std::min(kRows, end - jpeg.output_scanline);
    for (JDIMENSION i = 0; i < n; ++i)
      rows[i] = state.pixels.data() + state.step * (jpeg.output_scanline - top + i);
    jpeg_read_scanlines(&jpeg, rows, n);
  }
}

void finish(JpegState& state) {
  jpeg_finish_decompress(&state.jpeg);  // reads up to the end marker
}

// What the steps are told.

/// Scans begin with a marker that cannot occur in the compressed data between them. Only the header has been
/// read so far: counting them first is what keeps a small file from asking for minutes of work.
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

/// A progressive image whose scans left bits open. libjpeg smooths such blocks over their neighbours, which
/// must then be there.
bool isUnrefined(const jpeg_decompress_struct& jpeg) {
  constexpr int kSmoothed = 10;  // the coefficients that decide about smoothing
  if (!jpeg.progressive_mode || !jpeg.coef_bits) return false;
  for (int component = 0; component < jpeg.num_components; ++component)
    if (std::any_of(jpeg.coef_bits[component], jpeg.coef_bits[component] + kSmoothed,
                    [](int bits) { return bits != 0; }))
      return true;
  return false;
}

/// Widened so that the wanted columns come out as in the whole image. Upsampling interpolates between
/// neighbours: one more column on both sides. And libjpeg chooses its upsampling by the width of the whole
/// image; the code for ordinary widths reads and writes out of bounds where a crop leaves less than three
/// colour samples, six pixels, per row.
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
  if (state.dataMissing || unrefined || state.jpeg.arith_code) throw Error("JPEG", kTruncated);
}

/// Four bytes to three, in place. The inks come inverted, as 255 - ink: Adobe's custom, and what Pillow
/// assumes.
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
    : state_(std::make_unique<JpegState>()), limits_(limits) {
  JpegState& state = *state_;
  state.jpeg.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = onError;
  state.errors.emit_message = onMessage;
  state.errors.output_message = [](j_common_ptr) {};
  state.jpeg.client_data = &state;
}

JpegDecoder::~JpegDecoder() {
  jpeg_destroy_decompress(&state_->jpeg);
}

cv::Size JpegDecoder::open(const std::vector<uint8_t>& bytes) {
  JpegState& state = *state_;
  jpeg_destroy_decompress(&state.jpeg);  // else a file without tables would be decoded with its predecessor's
  if (state.pixels.capacity() > kKeptBytes) std::vector<uint8_t>().swap(state.pixels);
  state.bytes = bytes.data();
  state.size = bytes.size();
  state.warnings = 0;
  state.warning[0] = '\0';
  state.endOfFile = state.dataMissing = false;
  run(state, create);
  run(state, readHeader);
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
  run(state, start);
  const bool unrefined = isUnrefined(state.jpeg), whole = unrefined || !endsInEndMarker(state);
  state.decoded = whole ? image : neededColumns(region, image.width);
  if (state.decoded.width < image.width) run(state, crop);

  state.step = static_cast<size_t>(state.decoded.width) * static_cast<size_t>(state.jpeg.output_components);
  const size_t needed = state.step * static_cast<size_t>(state.decoded.height);
  if (state.pixels.size() < needed) state.pixels.resize(needed);
  run(state, readRows);
  if (whole) run(state, finish);
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
