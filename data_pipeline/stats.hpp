#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cv::mixmim {

/// A sum of seconds that many threads add to.
class SecondsCounter {
 public:
  void add(std::chrono::steady_clock::duration time) {
    nanoseconds_.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count(),
                           std::memory_order_relaxed);
  }
  double seconds() const { return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9; }

 private:
  std::atomic<int64_t> nanoseconds_{0};
};

/// Adds its lifetime to a counter.
class Timer {
 public:
  explicit Timer(SecondsCounter& counter) : counter_(counter) {}
  ~Timer() { counter_.add(std::chrono::steady_clock::now() - start_); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  SecondsCounter& counter_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What the threads of a pipeline count; PipelineStats is the copy its users see.
struct PipelineCounters {
  SecondsCounter read, decode, resize, augment, mix, waitForBatch, waitForBuffer;
  std::atomic<int64_t> images{0}, batches{0}, bad{0}, warned{0};
};

}  // namespace cv::mixmim
