// Measurements that a pipeline takes of itself while it works.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace cv::mixmim {

/// How long something took, each time: a histogram with eight bins per doubling, so that percentiles are
/// right to 12 %.
struct StageStats {
  static constexpr int kBins = 27 * 8;  ///< 1 microsecond to 2 minutes

  int64_t count = 0;
  double seconds = 0;  ///< the sum
  std::array<int64_t, kBins> bins{};

  double mean() const { return count > 0 ? seconds / static_cast<double>(count) : 0; }
  double percentile(double share) const;  ///< seconds; `share` 0 to 1
  StageStats since(const StageStats& earlier) const;
};

struct SlowSample {
  int64_t index = 0;   ///< in the data set
  double seconds = 0;  ///< decode, resize and augment
};

/// Sums over all threads since the pipeline was constructed.
struct PipelineStats {
  int64_t images = 0, batches = 0;          ///< in finished batches
  int64_t bytes = 0;                        ///< of encoded images read
  int64_t bad = 0;                          ///< images that could not be used, each time one was wanted
  int64_t warned = 0;                       ///< images used although libjpeg worked around damage in them
  StageStats read;                          ///< in the readers
  StageStats decode, resize, augment, mix;  ///< in the workers; resize includes the flip; mix is per batch
  StageStats waitForBatch;                  ///< the consumer in next()
  StageStats waitForBuffer;                 ///< the feeder waiting for a free batch: back-pressure
  double ready = 0;    ///< batches ready when one was asked for, summed over waitForBatch.count
  double seconds = 0;  ///< passed
  int threads = 0, readers = 0, ring = 0;
  std::vector<SlowSample> slowest;  ///< the ten slowest samples, slowest first

  PipelineStats since(const PipelineStats& earlier) const;  ///< slowest stay those since construction
  double dataWait() const;    ///< share of the time that the consumer waited, 0..1
  double workerBusy() const;  ///< share of the workers' time that was work, 0..1
  double ringFill() const;    ///< share of the ring that was ready when asked, 0..1
};

/// Which part holds the run back, and what helps, in one sentence.
std::string bottleneck(const PipelineStats& stats);

/// Collects StageStats from many threads.
class StageCounter {
 public:
  void add(std::chrono::steady_clock::duration time);
  StageStats snapshot() const;

 private:
  std::atomic<int64_t> count_{0}, nanoseconds_{0};
  std::array<std::atomic<int64_t>, StageStats::kBins> bins_{};
};

/// Adds its lifetime to a counter.
class Timer {
 public:
  explicit Timer(StageCounter& counter) : counter_(counter) {}
  ~Timer() { counter_.add(std::chrono::steady_clock::now() - start_); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  StageCounter& counter_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Keeps the few samples that took longest. Threads: all functions from any thread.
class SlowestSamples {
 public:
  void add(SlowSample sample);
  std::vector<SlowSample> list() const;

 private:
  static constexpr size_t kKept = 10;
  mutable std::mutex mutex_;
  std::atomic<double> fastestKept_{0};  // so that nearly all samples need no lock
  std::vector<SlowSample> samples_;     // slowest first
};

/// The counters of a pipeline's threads.
struct PipelineCounters {
  PipelineStats snapshot() const;

  StageCounter read, decode, resize, augment, mix, waitForBatch, waitForBuffer;
  std::atomic<int64_t> images{0}, batches{0}, bytes{0}, bad{0}, warned{0}, ready{0};
  SlowestSamples slowest;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

}  // namespace cv::mixmim
