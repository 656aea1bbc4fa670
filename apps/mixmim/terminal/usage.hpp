// Time and memory that this process has used.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>

namespace cv::mixmim {

using Clock = std::chrono::steady_clock;

inline double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The largest resident size so far, of the whole process; memory of a device is not in it.
inline double peakMemoryMb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

inline double inMegabytes(int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace cv::mixmim
