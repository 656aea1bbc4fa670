#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <queue>

#include "flow/ring_batch.hpp"

namespace cv::mixmim {

/// Images waiting for a reader or a worker, first come, first served, so that the oldest batch is finished
/// first: oneTBB starts enqueued tasks only roughly in order. Threads: all functions from any thread.
class JobQueue {
 public:
  struct Job {
    RingBatch* batch;
    size_t slot;
  };

  /// A closed queue takes no job: the next stream must not find those of the last.
  void push(Job job) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    jobs_.push(job);
    changed_.notify_one();
  }

  /// Waits for a job; none once the queue is closed.
  std::optional<Job> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (closed_) return {};
    const Job job = jobs_.front();
    jobs_.pop();
    return job;
  }

  /// Forgets the jobs and wakes everybody who waits.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    jobs_ = {};
    changed_.notify_all();
  }

  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::queue<Job> jobs_;
};

}  // namespace cv::mixmim
