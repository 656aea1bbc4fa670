#pragma once

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <thread>

namespace cv::mixmim {

/// Jobs done one after the other on a thread of their own, in the order in which they came.
/// Threads: all functions from any thread.
class SerialJobs {
 public:
  SerialJobs();
  /// Does what was added before, unless abandoned.
  ~SerialJobs();
  SerialJobs(const SerialJobs&) = delete;
  SerialJobs& operator=(const SerialJobs&) = delete;

  /// The future is ready when the job is done, or has the exception it ended with.
  std::shared_future<void> add(std::function<void()> job);

  /// Gives up, for instance because the job in work may never end: whoever waits for a job, now or later,
  /// gets `reason`. The job in work is left to itself, on a thread that nobody waits for.
  void abandon(const std::exception_ptr& reason) noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's too
  std::thread thread_;
};

}  // namespace cv::mixmim
