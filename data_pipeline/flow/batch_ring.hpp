#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "flow/ring_batch.hpp"

namespace cv::mixmim {

/// A fixed number of batches going round: free -> (feeder, workers) -> ready -> (consumer) -> free. Their
/// number bounds the memory and is the back-pressure: acquire() waits for the consumer.
///
/// Threads: one acquires, one takes, any publishes, releases or closes.
class BatchRing {
 public:
  struct Shape {
    int batches, images;
    cv::Size imageSize;
    cv::Size cells;  ///< of the mask, empty = none
  };

  /// Allocates everything. `allocate` as in PipelineOptions. Throws Error when it returns memory of another
  /// shape.
  BatchRing(const Shape& shape, const std::function<cv::Mat(int)>& allocate, const TargetReader& targets);

  RingBatch* acquire();               ///< a free batch; null once closed
  void publish(RingBatch& batch);     ///< ready for the consumer
  RingBatch* take(int64_t sequence);  ///< the batch of that place, when it is ready; null once closed
  int ready();                        ///< how many wait for the consumer
  void release(const Batch* batch);   ///< back from the consumer

  void close();  ///< wakes everybody who waits
  void open();   ///< frees every batch except those the consumer holds; only while nobody works on any

 private:
  enum class State { kFree, kInWork, kReady, kTaken };
  struct Place {
    RingBatch batch;
    State state = State::kFree;
  };

  RingBatch* await(State from, State to, int64_t sequence);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = true;
  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace cv::mixmim
