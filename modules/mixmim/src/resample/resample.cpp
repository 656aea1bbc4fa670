#include "opencv2/mixmim/resample.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "resample/resample_kernels.hpp"

namespace cv::mixmim {

namespace {

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
  return static_cast<int32_t>(weight * (1 << kResampleFractionBits) + (weight < 0 ? -0.5 : 0.5));
}

void checkArguments(const cv::Mat& src, cv::Size output, cv::Rect window, const cv::Mat& dst) {
  if (src.empty() || src.dims != 2 || src.depth() != CV_8U)
    throw Error("Resampler: expected an 8-bit image of at least 1 x 1 pixels");
  if (src.channels() > 4)
    throw Error(fmt::format("Resampler: expected 1 to 4 channels, got {}", src.channels()));
  if (window.empty() || (window & cv::Rect({}, output)) != window)
    throw Error(fmt::format("Resampler: expected a window inside {} x {}, got {} x {} at ({}, {})",
                            output.width, output.height, window.width, window.height, window.x, window.y));
  if (dst.dims != 2 || dst.size() != window.size() || dst.type() != src.type())
    throw Error(fmt::format(
        "Resampler: expected a destination of {} x {} and the source's type, got {} x {} of type {}",
        window.width, window.height, dst.cols, dst.rows, std::string(cv::typeToString(dst.type()))));
}

void grow(std::vector<uint8_t>& memory, size_t bytes) {
  if (memory.size() < bytes) memory.resize(bytes);
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

struct Resampler::Impl {
  explicit Impl(const std::string& wanted);

  /// The horizontal pass over rows [top, top + rows) of src.
  void horizontalPass(const cv::Mat& src, int top, int rows, uint8_t* out, size_t outStep);

  std::vector<const ResampleKernels*> kernels;  // in order of preference
  ResampleAxis horizontal, vertical;
  ResampleTable table;
  std::vector<uint8_t> between, lastRows;
};

Resampler::Impl::Impl(const std::string& wanted) : kernels(resampleKernels()) {
  if (wanted.empty()) return;
  const ResampleKernels* portable = kernels.back();
  kernels.erase(std::remove_if(kernels.begin(), kernels.end(), [&](auto* k) { return wanted != k->name; }),
                kernels.end());
  if (kernels.empty())
    throw Error(fmt::format("Resampler: no kernels called '{}' on this processor", wanted));
  kernels.push_back(portable);  // because the others cannot do every axis
}

void Resampler::Impl::horizontalPass(const cv::Mat& src, int top, int rows, uint8_t* out, size_t outStep) {
  const auto usable = [&](const ResampleKernels* k) { return k->prepare(horizontal, src.channels(), table); };
  const ResampleKernels& kernel = **std::find_if(kernels.begin(), kernels.end(), usable);
  const auto run = [&](const uint8_t* in, size_t inStep, int n) {
    kernel.horizontal({in, inStep, out, outStep, n, src.channels()}, horizontal, table);
    out += outStep * static_cast<size_t>(n);
  };
  // The last rows are copied, because a kernel may read a little behind the end of a row, where memory may
  // end.
  const int unsafe = static_cast<int>((kernel.slack + src.step - 1) / src.step);
  const int direct = std::clamp(src.rows - unsafe - top, 0, rows);
  if (direct > 0) run(src.ptr(top), src.step, direct);
  if (direct == rows) return;
  const size_t rowBytes = static_cast<size_t>(src.cols) * src.elemSize(), step = rowBytes + kernel.slack;
  grow(lastRows, step * static_cast<size_t>(rows - direct));
  for (int y = direct; y < rows; ++y)
    std::copy_n(src.ptr(top + y), rowBytes, &lastRows[step * static_cast<size_t>(y - direct)]);
  run(lastRows.data(), step, rows - direct);
}

Resampler::Resampler(const std::string& kernels) : impl_(std::make_unique<Impl>(kernels)) {}
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::vector<std::string> Resampler::kernels() {
  std::vector<std::string> names;
  for (const ResampleKernels* kernel : resampleKernels()) names.emplace_back(kernel->name);
  return names;
}

void Resampler::resize(const cv::Mat& src, cv::Size output, cv::Rect window, bool mirror, cv::Mat& dst) {
  checkArguments(src, output, window, dst);
  ResampleAxis& verticalAxis = impl_->vertical;
  const bool vertical = src.rows != output.height;
  const bool horizontal = src.cols != output.width || mirror;  // between equal sizes a tap is one whole pixel

  int top = window.y, rows = window.height;  // rows that the vertical pass reads
  if (vertical) {
    bicubicAxis(src.rows, output.height, window.y, window.br().y, false, verticalAxis);
    top = verticalAxis.first.front();
    rows = verticalAxis.first.back() + verticalAxis.count.back() - top;
  }
  cv::Mat between = dst;
  if (!horizontal) {
    between = src({window.x, top, window.width, rows});
  } else {
    bicubicAxis(src.cols, output.width, window.x, window.br().x, mirror, impl_->horizontal);
    if (vertical) {
      grow(impl_->between, static_cast<size_t>(rows) * window.width * src.elemSize());
      between = cv::Mat(rows, window.width, src.type(), impl_->between.data());
    }
    impl_->horizontalPass(src, top, rows, between.data, between.step);
  }
  if (vertical)
    for (int y = 0; y < window.height; ++y) {
      const auto row = static_cast<size_t>(y);
      impl_->kernels.front()->vertical(between.ptr(verticalAxis.first[row] - top), between.step,
                                       &verticalAxis.weights[row * verticalAxis.width],
                                       verticalAxis.count[row], window.width * src.elemSize(), dst.ptr(y));
    }
  else if (!horizontal)
    between.copyTo(dst);
}

void Resampler::resize(const cv::Mat& src, bool mirror, cv::Mat& dst) {
  resize(src, dst.size(), {{}, dst.size()}, mirror, dst);
}

}  // namespace cv::mixmim
