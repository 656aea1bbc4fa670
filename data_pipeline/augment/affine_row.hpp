// The inner loop of the geometric operations, once for any processor and once for AVX2: the same bytes,
// because nothing is computed in another order.
#pragma once

#include <algorithm>

#include <opencv2/core.hpp>

namespace cv::mixmim::ops {

/// One row of an affine picture: out[x] is the pixel of `in` at matrix * (x + .5, y + .5, 1), or kFill
/// outside `size`. `in` has a row more than `size`.
using AffineRow = void (*)(const cv::Mat& in, cv::Size size, const cv::Matx23d& matrix, int y, uint8_t* out);

AffineRow affineRow();  ///< the fastest on this processor

/// Four neighbours along an axis, the edge replicated, and how far between the middle two the point lies.
/// Positions are above -1.
struct Neighbours {
  Neighbours(double position, int size) {
    position -= 0.5;
    const int whole = static_cast<int>(position), before = whole - (position < whole ? 1 : 0);  // floor
    fraction = position - before;
    for (int i = 0; i < 4; ++i) at[i] = std::clamp(before - 1 + i, 0, size - 1);
  }
  int at[4];
  double fraction;
};

/// Where an output pixel comes from.
struct SourcePoint {
  SourcePoint(const cv::Matx23d& matrix, int column, int row)
      : x(matrix(0, 0) * (column + 0.5) + matrix(0, 1) * (row + 0.5) + matrix(0, 2)),
        y(matrix(1, 0) * (column + 0.5) + matrix(1, 1) * (row + 0.5) + matrix(1, 2)) {}
  bool isInside(cv::Size size) const { return x >= 0 && x < size.width && y >= 0 && y < size.height; }
  double x, y;
};

#if defined(__x86_64__)
void affineRowAvx2(const cv::Mat& in, cv::Size size, const cv::Matx23d& matrix, int y, uint8_t* out);
#endif

}  // namespace cv::mixmim::ops
