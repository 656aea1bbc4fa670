// The time that a piece of work takes.
#pragma once

#include <algorithm>
#include <vector>

#include "terminal/usage.hpp"

namespace cv::mixmim {

/// The middle one; of an even number, the upper of the two.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// Calls `work` until `seconds` have passed, at least three times after one warm-up; times in ms.
template <class Work>
std::vector<double> timesOf(double seconds, Work work) {
  work();
  std::vector<double> ms;
  const auto start = Clock::now();
  while (ms.size() < 3 || secondsSince(start) < seconds) {
    const auto before = Clock::now();
    work();
    ms.push_back(1000 * secondsSince(before));
  }
  return ms;
}

}  // namespace cv::mixmim
