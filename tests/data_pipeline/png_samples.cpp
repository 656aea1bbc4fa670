#include "png_samples.hpp"

#include <stdexcept>

namespace cv::mixmim::test {

namespace {

void onWrite(png_structp png, png_bytep from, size_t length) {
  auto& bytes = *static_cast<std::vector<uint8_t>*>(png_get_io_ptr(png));
  bytes.insert(bytes.end(), from, from + length);
}

void onFlush(png_structp) {}

int channelsOf(int colourType) {
  switch (colourType) {
    case PNG_COLOR_TYPE_RGB:
      return 3;
    case PNG_COLOR_TYPE_RGB_ALPHA:
      return 4;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return 2;
    default:
      return 1;
  }
}

/// A byte for every value, or two, the upper one first, in each channel.
std::vector<uint8_t> rowOf(const cv::Mat& values, int y, const PngKind& kind) {
  std::vector<uint8_t> row;
  for (int x = 0; x < values.cols; ++x)
    for (int c = 0; c < channelsOf(kind.colourType); ++c) {
      const int value = values.depth() == CV_16U ? values.at<uint16_t>(y, x) : values.at<uint8_t>(y, x);
      if (kind.bits == 16) row.push_back(static_cast<uint8_t>(value >> 8));
      row.push_back(static_cast<uint8_t>(value));
    }
  return row;
}

}  // namespace

std::vector<uint8_t> pngOf(const cv::Mat& values, const PngKind& kind) {
  std::vector<uint8_t> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) throw std::runtime_error("libpng cannot write this map");
  png_set_write_fn(png, &bytes, onWrite, onFlush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(values.cols), static_cast<png_uint_32>(values.rows),
               kind.bits, kind.colourType, kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  png_color palette[256];
  for (int i = 0; i < 256; ++i)
    palette[i] = {static_cast<png_byte>(7 * i + 1), static_cast<png_byte>(255 - i),
                  static_cast<png_byte>(31 * i)};
  if (kind.colourType == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 1 << kind.bits);
  png_write_info(png, info);
  png_set_packing(png);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass)
    for (int y = 0; y < values.rows; ++y) png_write_row(png, rowOf(values, y, kind).data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

cv::Mat mapOf(cv::Size size, int count) {
  cv::Mat map(size, CV_8U);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      map.at<uint8_t>(y, x) = static_cast<uint8_t>((x / 3 * 5 + y / 2 * 11 + x * y / 40) % count);
  return map;
}

}  // namespace cv::mixmim::test
