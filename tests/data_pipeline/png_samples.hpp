// Label maps of every kind, as libpng writes them.
#pragma once

#include <cstdint>
#include <vector>

#include <png.h>
#include <opencv2/core.hpp>

namespace cv::mixmim::test {

struct PngKind {
  int colourType = PNG_COLOR_TYPE_GRAY;
  int bits = 8;  ///< per value
  bool interlaced = false;
};

/// A PNG whose values are `values`: CV_8U, or CV_16U where 16 bits are wanted. Colours and alpha are made of
/// the same value. A palette has as many colours as its bits can name, none of which is a grey of its index.
std::vector<uint8_t> pngOf(const cv::Mat& values, const PngKind& kind = {});

/// A map of that size with values below `count`.
cv::Mat mapOf(cv::Size size, int count);

}  // namespace cv::mixmim::test
