// An axis with round numbers at its ticks.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim::report {

class Axis {
 public:
  /// Covers [low, high], numbers of at most 1e15 in size, with about `ticks` ticks at 1, 2 or 5 times a power
  /// of ten, and begins and ends at one.
  static Axis linear(double low, double high, int ticks);
  /// The same, but it begins and ends at low and high, low < high.
  static Axis between(double low, double high, int ticks);
  /// The same at powers of ten; low > 0.
  static Axis logarithmic(double low, double high);

  /// 0 at the lower end, 1 at the upper one.
  double place(double value) const;

  struct Tick {
    double value;
    std::string text;
  };
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  double low_ = 0, high_ = 1;
  bool logarithmic_ = false;
  std::vector<Tick> ticks_;
};

}  // namespace cv::mixmim::report
