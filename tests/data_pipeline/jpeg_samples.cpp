#include "tests/data_pipeline/jpeg_samples.hpp"

#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>

#include <jpeglib.h>

#include "tests/support/images.hpp"

namespace cv::mixmim::test {

namespace {

// All of the picture, but its coefficients without the two lowest bits.
const jpeg_scan_info kUnrefinedScans[] = {
    {3, {0, 1, 2}, 0, 0, 0, 2}, {1, {0}, 1, 63, 0, 2}, {1, {1}, 1, 63, 0, 2}, {1, {2}, 1, 63, 0, 2}};

J_COLOR_SPACE storedColours(JpegKind::Colours colours) {
  switch (colours) {
    case JpegKind::kGrey:
      return JCS_GRAYSCALE;
    case JpegKind::kCmyk:
      return JCS_CMYK;
    case JpegKind::kYcck:
      return JCS_YCCK;
    case JpegKind::kPlainRgb:
      return JCS_RGB;
    default:
      return JCS_YCbCr;
  }
}

J_COLOR_SPACE givenColours(int channels) {
  return channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
}

}  // namespace

std::vector<JpegKind> jpegKinds() {
  using Kind = JpegKind;
  std::vector<Kind> kinds(14);
  size_t i = 0;
  const auto add = [&](const char* name, int horizontal, int vertical) -> Kind& {
    kinds[i].name = name;
    kinds[i].horizontal = horizontal;
    kinds[i].vertical = vertical;
    return kinds[i++];
  };
  add("Colour444", 1, 1);
  add("Colour422", 2, 1);
  add("Colour420", 2, 2);
  add("Colour440", 1, 2);
  add("Colour411", 4, 1);
  add("Colour410", 4, 2);
  add("Restarts", 2, 2).restartRows = 1;
  add("Progressive", 2, 2).progressive = true;
  Kind& unrefined = add("UnrefinedProgressive", 2, 2);
  unrefined.progressive = unrefined.unrefined = true;
  add("Arithmetic", 2, 2).arithmetic = true;
  add("Grey", 1, 1).colours = Kind::kGrey;
  add("PlainRgb", 1, 1).colours = Kind::kPlainRgb;
  add("Cmyk", 1, 1).colours = Kind::kCmyk;
  add("Ycck", 2, 2).colours = Kind::kYcck;
  return kinds;
}

std::vector<uint8_t> encodeJpeg(const cv::Mat& image, const JpegKind& kind, int quality) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);  // ends the process on an error: right for a test's own mistakes
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.cols);
  jpeg.image_height = static_cast<JDIMENSION>(image.rows);
  jpeg.input_components = image.channels();
  jpeg.in_color_space = givenColours(image.channels());
  jpeg_set_defaults(&jpeg);
  jpeg_set_colorspace(&jpeg, storedColours(kind.colours));
  jpeg_set_quality(&jpeg, quality, TRUE);
  for (int c = 0; c < jpeg.num_components; ++c)
    jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
  for (int c = 0; c < jpeg.num_components; c += 3) {  // brightness, and black where there is any
    jpeg.comp_info[c].h_samp_factor = kind.horizontal;
    jpeg.comp_info[c].v_samp_factor = kind.vertical;
  }
  jpeg.restart_in_rows = kind.restartRows;
  jpeg.arith_code = kind.arithmetic;
  if (kind.progressive) jpeg_simple_progression(&jpeg);
  if (kind.unrefined) {
    jpeg.scan_info = kUnrefinedScans;
    jpeg.num_scans = static_cast<int>(std::size(kUnrefinedScans));
  }
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(image.ptr(static_cast<int>(jpeg.next_scanline)));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::vector<uint8_t> bytes(memory, memory + size);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return bytes;
}

cv::Mat pictureFor(const JpegKind& kind, cv::Size size) {
  const cv::Mat colour = picture(size);
  const bool inks = kind.colours == JpegKind::kCmyk || kind.colours == JpegKind::kYcck;
  if (kind.colours != JpegKind::kGrey && !inks) return colour;
  std::vector<cv::Mat> channels;
  cv::split(colour, channels);
  channels.resize(inks ? 4 : 1);
  if (inks) channels[3] = picture(size, 5).reshape(1).colRange(0, size.width).clone();
  cv::Mat image;
  cv::merge(channels, image);
  return image;
}

}  // namespace cv::mixmim::test
