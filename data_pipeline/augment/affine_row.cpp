#include "augment/affine_row.hpp"

#include <opencv2/core/utility.hpp>

#include "augment/image_ops.hpp"

namespace cv::mixmim::ops {

namespace {

/// Between v2 and v3, a = -1. The order of the operations is Pillow's.
double cubic(double v1, double v2, double v3, double v4, double d) {
  const double p2 = -v1 + v3, p3 = 2 * (v1 - v2) + v3 - v4, p4 = -v1 + v2 - v3 + v4;
  return v2 + d * (p2 + d * (p3 + d * p4));
}

void alongRow(const uint8_t* row, const Neighbours& x, double out[3]) {
  const uint8_t *a = row + 3 * x.at[0], *b = row + 3 * x.at[1], *c = row + 3 * x.at[2],
                *d = row + 3 * x.at[3];
  for (int i = 0; i < 3; ++i) out[i] = cubic(a[i], b[i], c[i], d[i], x.fraction);
}

void alongColumn(const cv::Mat& in, int x, const Neighbours& y, double out[3]) {
  const uint8_t *a = in.ptr(y.at[0]) + 3 * x, *b = in.ptr(y.at[1]) + 3 * x, *c = in.ptr(y.at[2]) + 3 * x,
                *d = in.ptr(y.at[3]) + 3 * x;
  for (int i = 0; i < 3; ++i) out[i] = cubic(a[i], b[i], c[i], d[i], y.fraction);
}

void interpolate(const cv::Mat& in, const Neighbours& x, const Neighbours& y, double out[3]) {
  // A fraction of exactly 0 leaves the second neighbour: shears and translations need one axis only.
  if (y.fraction == 0) return alongRow(in.ptr(y.at[1]), x, out);
  if (x.fraction == 0) return alongColumn(in, x.at[1], y, out);
  double rows[4][3];
  for (int i = 0; i < 4; ++i) alongRow(in.ptr(y.at[i]), x, rows[i]);
  for (int i = 0; i < 3; ++i) out[i] = cubic(rows[0][i], rows[1][i], rows[2][i], rows[3][i], y.fraction);
}

void portableRow(const cv::Mat& in, cv::Size size, const cv::Matx23d& matrix, int y, uint8_t* out) {
  for (int x = 0; x < size.width; ++x, out += 3) {
    const SourcePoint from(matrix, x, y);
    double value[3] = {double(kFill[0]), double(kFill[1]), double(kFill[2])};
    if (from.isInside(size)) interpolate(in, {from.x, size.width}, {from.y, size.height}, value);
    for (int i = 0; i < 3; ++i) out[i] = static_cast<uint8_t>(std::clamp(value[i], 0.0, 255.0));
  }
}

}  // namespace

AffineRow affineRow() {
#if defined(__x86_64__)
  if (cv::checkHardwareSupport(CV_CPU_AVX2)) return affineRowAvx2;
#endif
  return portableRow;
}

}  // namespace cv::mixmim::ops
