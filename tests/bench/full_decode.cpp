// full_decode FOLDER SECONDS: how many JPEGs per second libjpeg-turbo decodes on one core, whole, from
// memory. What a data pipeline costs at least if it decodes whole images, and nothing else.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <jpeglib.h>

namespace {

using Bytes = std::vector<unsigned char>;

std::vector<Bytes> readAll(const char* folder) {
  std::vector<Bytes> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    Bytes bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8) files.push_back(std::move(bytes));
  }
  return files;
}

/// libjpeg's own error handler ends the program: the pictures here are good ones.
void decode(jpeg_decompress_struct& jpeg, const Bytes& bytes, Bytes& pixels) {
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space =
      jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  const size_t step = size_t{jpeg.output_width} * static_cast<size_t>(jpeg.output_components);
  pixels.resize(step * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    constexpr JDIMENSION kRows = 16;
    JSAMPROW rows[kRows];
    const JDIMENSION n = std::min(kRows, jpeg.output_height - jpeg.output_scanline);
    for (JDIMENSION i = 0; i < n; ++i) rows[i] = pixels.data() + step * (jpeg.output_scanline + i);
    jpeg_read_scanlines(&jpeg, rows, n);
  }
  jpeg_finish_decompress(&jpeg);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: full_decode FOLDER SECONDS\n", stderr), 2;
  const std::vector<Bytes> files = readAll(argv[1]);
  if (files.empty()) return std::fputs("no JPEG in that folder\n", stderr), 1;
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  Bytes pixels;
  for (const Bytes& bytes : files) decode(jpeg, bytes, pixels);  // warm-up

  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  size_t images = 0;
  for (const double seconds = std::atof(argv[2]); passed() < seconds; images += files.size())
    for (const Bytes& bytes : files) decode(jpeg, bytes, pixels);
  std::printf("{\"images_per_second\": %.2f}\n", static_cast<double>(images) / passed());
  jpeg_destroy_decompress(&jpeg);
}
