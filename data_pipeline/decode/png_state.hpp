// libpng with exceptions. Only label_map.cpp includes this.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <vector>

#include <png.h>
#include <opencv2/core.hpp>

namespace cv::mixmim {

/// libpng's structs, the way out of its errors, and the decoded values. The functions are the steps of
/// decoding, in order; each throws Error with libpng's reason. How its errors become ours: see JpegState.
struct PngState {
  PngState() = default;
  ~PngState();
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;

  void readHeader(const uint8_t* data, size_t length);
  void readRows();  ///< into `values`

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf escape{};
  char error[128] = "";

  const uint8_t* bytes = nullptr;
  size_t size = 0, at = 0;
  cv::Size map;
  int colourType = 0, bits = 0;  ///< bits: per value in the file
  std::vector<uint8_t> values;   ///< row by row, a byte each; of 16 bits two, the upper one first
};

}  // namespace cv::mixmim
