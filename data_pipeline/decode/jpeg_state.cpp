#include "decode/jpeg_state.hpp"

#include <algorithm>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

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

using Step = void (*)(JpegState&);

/// False when libjpeg gave up, with the reason in state.error.
bool survives(JpegState& state, Step step) {
  if (setjmp(state.escape) != 0) return false;
  step(state);
  return true;
}

void run(JpegState& state, Step step) {
  if (survives(state, step)) return;
  jpeg_abort_decompress(&state.jpeg);
  throw Error("JPEG", state.endOfFile ? kTruncatedJpeg : state.error);  // the rest is a consequence
}

}  // namespace

JpegState::JpegState() {
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = onError;
  errors.emit_message = onMessage;
  errors.output_message = [](j_common_ptr) {};
  jpeg.client_data = this;
}

JpegState::~JpegState() {
  jpeg_destroy_decompress(&jpeg);
}

void JpegState::readHeader(const uint8_t* data, size_t length) {
  jpeg_destroy_decompress(&jpeg);  // else a file without tables would be decoded with its predecessor's
  bytes = data;
  size = length;
  warnings = 0;
  warning[0] = '\0';
  endOfFile = dataMissing = false;
  run(*this, [](JpegState& state) {
    jpeg_create_decompress(&state.jpeg);
    jpeg_mem_src(&state.jpeg, state.bytes, state.size);
    jpeg_read_header(&state.jpeg, TRUE);
  });
}

void JpegState::start(J_COLOR_SPACE colours) {
  jpeg.out_color_space = colours;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.do_block_smoothing = TRUE;
  run(*this, [](JpegState& state) { jpeg_start_decompress(&state.jpeg); });
}

void JpegState::crop() {
  run(*this, [](JpegState& state) {
    JDIMENSION left = static_cast<JDIMENSION>(state.decoded.x);
    JDIMENSION width = static_cast<JDIMENSION>(state.decoded.width);
    jpeg_crop_scanline(&state.jpeg, &left, &width);
    state.decoded.x = static_cast<int>(left);
    state.decoded.width = static_cast<int>(state.jpeg.output_width);
  });
}

void JpegState::readRows() {
  step = static_cast<size_t>(decoded.width) * static_cast<size_t>(jpeg.output_components);
  const size_t needed = step * static_cast<size_t>(decoded.height);
  if (pixels.size() < needed) pixels.resize(needed);
  run(*this, [](JpegState& state) {
    constexpr JDIMENSION kRows = 16;
    const JDIMENSION top = static_cast<JDIMENSION>(state.decoded.y);
    const JDIMENSION end = top + static_cast<JDIMENSION>(state.decoded.height);
    if (top > 0) jpeg_skip_scanlines(&state.jpeg, top);
    while (state.jpeg.output_scanline < end) {
      JSAMPROW rows[kRows];
      const JDIMENSION first = state.jpeg.output_scanline, n = std::min(kRows, end - first);
      for (JDIMENSION i = 0; i < n; ++i) rows[i] = state.pixels.data() + state.step * (first - top + i);
      jpeg_read_scanlines(&state.jpeg, rows, n);
    }
  });
}

void JpegState::finish() {
  run(*this, [](JpegState& state) { jpeg_finish_decompress(&state.jpeg); });
}

}  // namespace cv::mixmim
