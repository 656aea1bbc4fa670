#include "decode/png_state.hpp"

#include <cstdio>
#include <cstring>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

PngState& stateOf(png_voidp pointer) {
  return *static_cast<PngState*>(pointer);
}

[[noreturn]] void onError(png_structp png, png_const_charp message) {
  PngState& state = stateOf(png_get_error_ptr(png));
  std::snprintf(state.error, sizeof state.error, "%s", message);
  std::longjmp(state.escape, 1);
}

void onWarning(png_structp, png_const_charp) {}

void onRead(png_structp png, png_bytep to, size_t length) {
  PngState& state = stateOf(png_get_io_ptr(png));
  if (length > state.size - state.at) png_error(png, "the file is truncated");
  std::memcpy(to, state.bytes + state.at, length);
  state.at += length;
}

using Step = void (*)(PngState&);

/// False when libpng gave up, with the reason in state.error.
bool survives(PngState& state, Step step) {
  if (setjmp(state.escape) != 0) return false;
  step(state);
  return true;
}

void run(PngState& state, Step step) {
  if (!survives(state, step)) throw Error("PNG", state.error);
}

void open(PngState& state) {
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, onError, onWarning);
  if (state.png != nullptr) state.info = png_create_info_struct(state.png);
}

/// Chunks that are not needed for the values are passed over unread, because they could ask for memory.
void readInfo(PngState& state) {
  png_set_read_fn(state.png, &state, onRead);
  png_set_keep_unknown_chunks(state.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_user_limits(state.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the size is judged by its caller
  png_read_info(state.png, state.info);
  state.map = {static_cast<int>(png_get_image_width(state.png, state.info)),
               static_cast<int>(png_get_image_height(state.png, state.info))};
  state.colourType = png_get_color_type(state.png, state.info);
  state.bits = png_get_bit_depth(state.png, state.info);
}

void readAllRows(PngState& state) {
  const size_t step = state.values.size() / static_cast<size_t>(state.map.height);
  png_set_packing(state.png);
  const int passes = png_set_interlace_handling(state.png);
  png_start_read_image(state.png);
  for (int pass = 0; pass < passes; ++pass)
    for (size_t y = 0; y < static_cast<size_t>(state.map.height); ++y)
      png_read_row(state.png, state.values.data() + y * step, nullptr);
}

}  // namespace

PngState::~PngState() {
  png_destroy_read_struct(&png, &info, nullptr);
}

void PngState::readHeader(const uint8_t* data, size_t length) {
  png_destroy_read_struct(&png, &info, nullptr);
  bytes = data;
  size = length;
  at = 0;
  run(*this, open);
  if (info == nullptr) throw Error("PNG", "libpng cannot start, it is not of the version of its header");
  run(*this, readInfo);
}

void PngState::readRows() {
  values.resize(static_cast<size_t>(map.width) * static_cast<size_t>(map.height) * (bits == 16 ? 2 : 1));
  run(*this, readAllRows);
}

}  // namespace cv::mixmim
