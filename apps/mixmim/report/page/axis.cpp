#include "report/page/axis.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace cv::mixmim::report {

namespace {

/// The smallest of 1, 2, 5, 10, 20, ... times a power of ten that is at least `least`.
double roundStep(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1, 2, 5})
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

/// Numbers of one axis, all in one notation: 0.05, 1500, 20k, 2e-4.
std::string tickText(double value, double step, double largest) {
  if (value == 0) return "0";
  if (largest < 1e-2) return fmt::format("{:.2g}", value);
  const struct {
    double unit;
    const char* name;
  } units[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}};
  for (const auto& [from, name] : units) {
    const double unit = from == 1e4 ? 1e3 : from;
    if (largest >= from) return fmt::format("{:.4g}{}", value / unit, name);
  }
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

Axis Axis::linear(double low, double high, int ticks) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= 1e-6 * size) {  // a constant stands in the middle
    low = low > 0 ? 0 : low - size;
    high += size > 0 ? size : 1;
  }
  const double step = roundStep((high - low) / ticks);
  Axis axis;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  axis.low_ = first * step;
  axis.high_ = last * step;
  const double largest = std::max(std::abs(axis.low_), std::abs(axis.high_));
  const auto steps = static_cast<int>(last - first);
  for (int k = 0; k <= steps; ++k) {
    const double value = (first + k) * step;
    axis.ticks_.push_back({value, tickText(value, step, largest)});
  }
  return axis;
}

Axis Axis::between(double low, double high, int ticks) {
  Axis axis = linear(low, high, ticks);
  axis.low_ = low;
  axis.high_ = high;
  const auto outside = [&](const Tick& tick) { return tick.value < low || tick.value > high; };
  axis.ticks_.erase(std::remove_if(axis.ticks_.begin(), axis.ticks_.end(), outside), axis.ticks_.end());
  return axis;
}

Axis Axis::logarithmic(double low, double high) {
  constexpr double kMostDecades = 6;
  Axis axis;
  axis.logarithmic_ = true;
  const double first = std::floor(std::log10(low)), last = std::max(first + 1, std::ceil(std::log10(high)));
  axis.low_ = std::pow(10, first);
  axis.high_ = std::pow(10, last);
  const double step = std::ceil((last - first) / kMostDecades);
  const auto steps = static_cast<int>((last - first) / step);
  for (int k = 0; k <= steps; ++k) {
    const double value = std::pow(10, first + k * step);
    axis.ticks_.push_back({value, fmt::format("{:g}", value)});
  }
  return axis;
}

double Axis::place(double value) const {
  if (!logarithmic_) return (value - low_) / (high_ - low_);
  return (std::log10(std::max(value, low_)) - std::log10(low_)) / (std::log10(high_) - std::log10(low_));
}

}  // namespace cv::mixmim::report
