// The places and weights of cv::resize with INTER_LINEAR on bytes, whose rounding is part of the result.
#pragma once

#include <algorithm>
#include <cmath>

namespace cv::mixmim {

/// Two neighbours along an axis, and their weights in 1/2048.
struct Bilinear {
  int first, second;
  int ofFirst, ofSecond;
};

/// How far apart the pixels of the resized picture lie in the picture.
inline double scaleOf(int size, int resized) {
  return 1 / (static_cast<double>(resized) / size);
}

/// From a fraction of 1 to one of 2048, half to even.
inline int weightOf(float fraction) {
  return static_cast<int>(std::lrint(fraction * 2048.f));
}

/// The two rows of a row. Beyond the border both are the border's, each with its own weight.
inline Bilinear bilinearRow(int at, int size, double scale) {
  const auto place = static_cast<float>((at + 0.5) * scale - 0.5);
  const int row = static_cast<int>(std::floor(place));
  const float fraction = place - static_cast<float>(row);
  return {std::clamp(row, 0, size - 1), std::clamp(row + 1, 0, size - 1), weightOf(1 - fraction),
          weightOf(fraction)};
}

/// The two columns of a column. Beyond the border the border's has all the weight.
inline Bilinear bilinearColumn(int at, int size, double scale) {
  const auto place = static_cast<float>((at + 0.5) * scale - 0.5);
  const int column = static_cast<int>(std::floor(place));
  if (column < 0 || column >= size - 1) {
    const int border = column < 0 ? 0 : size - 1;
    return {border, border, weightOf(1), 0};
  }
  const float fraction = place - static_cast<float>(column);
  return {column, column + 1, weightOf(1 - fraction), weightOf(fraction)};
}

/// The row or column of labels that one shows: cv::resize with INTER_NEAREST.
inline int nearest(int at, int size, double scale) {
  return std::min(static_cast<int>(std::floor(at * scale)), size - 1);
}

}  // namespace cv::mixmim
