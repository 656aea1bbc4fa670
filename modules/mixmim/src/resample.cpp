#include "opencv2/mixmim/resample.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int kFractionBits = 22;  // 32 bits, less 8 of the pixel and 2 for what the kernel overshoots
constexpr int32_t kHalf = 1 << (kFractionBits - 1);
constexpr double kRadius = 2;  // of the kernel, in input pixels at scale 1

/// Keys' cubic with a = -0.5, in the order of operations of the reference: the last bit matters.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

int32_t toFixed(double weight) {
  return static_cast<int32_t>(weight * (1 << kFractionBits) + (weight < 0 ? -0.5 : 0.5));
}

uint8_t toPixel(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

/// One row of the horizontal pass: out[x] = sum over t of in[first + t] * weight, `channels` interleaved
/// values each.
template <int channels>
void resampleRow(const uint8_t* in, const ResampleAxis& axis, uint8_t* out) {
  const int32_t* weights = axis.weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights += axis.width, out += channels) {
    const uint8_t* pixel = in + size_t(axis.first[x]) * channels;
    int32_t sums[channels];
    std::fill_n(sums, channels, kHalf);
    for (int t = 0; t < axis.count[x]; ++t, pixel += channels)
      for (int c = 0; c < channels; ++c) sums[c] += pixel[c] * weights[t];
    for (int c = 0; c < channels; ++c) out[c] = toPixel(sums[c]);
  }
}

using RowFunction = void (*)(const uint8_t*, const ResampleAxis&, uint8_t*);

RowFunction rowFunction(int channels) {
  switch (channels) {
    case 1:
      return resampleRow<1>;
    case 2:
      return resampleRow<2>;
    case 3:
      return resampleRow<3>;
    case 4:
      return resampleRow<4>;
    default:
      throw Error(fmt::format("Resampler: expected 1 to 4 channels, got {}", channels));
  }
}

/// One row of the vertical pass. `in` is the first of `taps` rows of `bytes` values, `step` apart. In blocks,
/// so that the sums stay in registers or at least in the first cache.
void resampleColumns(const uint8_t* in, size_t step, const int32_t* weights, int taps, size_t bytes,
                     uint8_t* out) {
  constexpr size_t kBlock = 256;
  int32_t sums[kBlock];
  for (size_t begin = 0; begin < bytes; begin += kBlock) {
    const size_t n = std::min(kBlock, bytes - begin);
    std::fill_n(sums, n, kHalf);
    for (int t = 0; t < taps; ++t) {
      const uint8_t* row = in + t * step + begin;
      const int32_t weight = weights[t];
      for (size_t x = 0; x < n; ++x) sums[x] += row[x] * weight;
    }
    for (size_t x = 0; x < n; ++x) out[begin + x] = toPixel(sums[x]);
  }
}

void checkArguments(const cv::Mat& src, cv::Size output, cv::Rect window, const cv::Mat& dst) {
  if (src.empty() || src.dims != 2 || src.depth() != CV_8U)
    throw Error("Resampler: expected an 8-bit image of at least 1 x 1 pixels");
  if (window.empty() || (window & cv::Rect({}, output)) != window)
    throw Error(fmt::format("Resampler: expected a window inside {} x {}, got {} x {} at ({}, {})",
                            output.width, output.height, window.width, window.height, window.x, window.y));
  if (dst.dims != 2 || dst.size() != window.size() || dst.type() != src.type())
    throw Error(fmt::format(
        "Resampler: expected a destination of {} x {} and the source's type, got {} x {} of type {}",
        window.width, window.height, dst.cols, dst.rows, dst.type()));
}

}  // namespace

void bicubicAxis(int input, int output, int begin, int end, bool mirror, ResampleAxis& axis) {
  if (input < 1 || begin < 0 || begin >= end || end > output)
    throw Error(fmt::format(
        "bicubicAxis: expected positions inside [0, {}) and an input of at least 1, got [{}, {}) of {}",
        output, begin, end, input));
  const double scale = static_cast<double>(input) / output;
  const double stretch = std::max(scale, 1.0);  // shrinking widens the kernel: antialiasing
  const double support = kRadius * stretch, shrink = 1.0 / stretch;
  const size_t positions = static_cast<size_t>(end - begin);
  axis.width = static_cast<int>(std::min<double>(std::ceil(support) * 2 + 1, input));
  axis.first.resize(positions);
  axis.count.resize(positions);
  axis.weights.resize(positions * axis.width);
  for (int x = begin; x < end; ++x) {
    const double centre = (x + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int count = static_cast<int>(std::min<double>(input, std::trunc(centre + support + 0.5))) - first;
    const auto weight = [&](int t) { return cubic((first + t - centre + 0.5) * shrink); };
    double sum = 0;
    for (int t = 0; t < count; ++t) sum += weight(t);
    const size_t position = static_cast<size_t>(mirror ? end - 1 - x : x - begin);
    int32_t* fixed = &axis.weights[position * axis.width];
    for (int t = 0; t < count; ++t) fixed[t] = toFixed(weight(t) / sum);
    axis.first[position] = first;
    axis.count[position] = count;
  }
}

void Resampler::resize(const cv::Mat& src, cv::Size output, cv::Rect window, bool mirror, cv::Mat& dst) {
  checkArguments(src, output, window, dst);
  const RowFunction resample = rowFunction(src.channels());
  const bool vertical = src.rows != output.height;
  const bool horizontal = src.cols != output.width || mirror;  // between equal sizes a tap is one whole pixel

  int top = window.y, rows = window.height;  // what the vertical pass reads
  if (vertical) {
    bicubicAxis(src.rows, output.height, window.y, window.br().y, false, vertical_);
    top = vertical_.first.front();
    rows = vertical_.first.back() + vertical_.count.back() - top;
  }
  cv::Mat between = dst;
  if (!horizontal) {
    between = src({window.x, top, window.width, rows});
  } else {
    bicubicAxis(src.cols, output.width, window.x, window.br().x, mirror, horizontal_);
    if (vertical) between = scratch(rows, window.width, src.type());
    for (int y = 0; y < rows; ++y) resample(src.ptr(top + y), horizontal_, between.ptr(y));
  }
  if (vertical)
    for (int y = 0; y < window.height; ++y)
      resampleColumns(between.ptr(vertical_.first[y] - top), between.step,
                      &vertical_.weights[size_t(y) * vertical_.width], vertical_.count[y],
                      window.width * src.elemSize(), dst.ptr(y));
  else if (!horizontal)
    between.copyTo(dst);
}

cv::Mat Resampler::scratch(int rows, int cols, int type) {
  const size_t bytes = size_t(rows) * cols * CV_ELEM_SIZE(type);
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  return {rows, cols, type, scratch_.data()};
}

void Resampler::resize(const cv::Mat& src, bool mirror, cv::Mat& dst) {
  resize(src, dst.size(), {{}, dst.size()}, mirror, dst);
}

}  // namespace cv::mixmim
