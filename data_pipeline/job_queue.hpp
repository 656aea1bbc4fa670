#pragma once

#include <mutex>
#include <queue>

#include "data_pipeline/ring_batch.hpp"

namespace cv::mixmim {

/// The images waiting for a worker, first come, first served, so that the oldest batch is finished first:
/// oneTBB starts enqueued tasks only roughly in order. Threads: all functions from any thread.
class JobQueue {
 public:
  struct Job {
    RingBatch* batch;
    size_t slot;
  };

  void push(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push(job);
  }

  /// There must be one: who calls has been told of a push.
  Job pop() {
    const std::lock_guard lock(mutex_);
    const Job job = jobs_.front();
    jobs_.pop();
    return job;
  }

 private:
  std::mutex mutex_;
  std::queue<Job> jobs_;
};

}  // namespace cv::mixmim
