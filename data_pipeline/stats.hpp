#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cv::mixmim {

/// Times summed over all workers since construction, in seconds, and counts.
struct PipelineStats {
  int64_t images = 0, batches = 0;  ///< in finished batches
  int64_t bad = 0;                  ///< images that could not be used, each time one was wanted
  int64_t warned = 0;               ///< images used although libjpeg worked around damage in them
  double read = 0;                  ///< seconds in the source, mostly the feeder's
  double decode = 0, resize = 0, augment = 0,
         mix = 0;            ///< worker seconds per stage; resize includes the flip
  double waitForBatch = 0;   ///< consumer seconds in next()
  double waitForBuffer = 0;  ///< feeder seconds waiting for a free batch (back-pressure)
  int threads = 0;
};

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

/// What the threads of a pipeline count.
struct PipelineCounters {
  PipelineStats snapshot() const;

  SecondsCounter read, decode, resize, augment, mix, waitForBatch, waitForBuffer;
  std::atomic<int64_t> images{0}, batches{0}, bad{0}, warned{0};
};

}  // namespace cv::mixmim
