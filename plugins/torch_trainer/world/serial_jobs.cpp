#include "world/serial_jobs.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace cv::mixmim {

struct SerialJobs::State {
  struct Job {
    std::function<void()> work;
    std::promise<void> done;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;  // the first is in work
  bool ending = false;
  std::exception_ptr abandoned;

  void answerAll(const std::exception_ptr& reason) {
    for (Job& job : jobs) job.done.set_exception(reason);
    jobs.clear();
  }

  /// The next job, null at the end.
  std::function<void()> next() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [this] { return ending || abandoned || !jobs.empty(); });
    return jobs.empty() ? nullptr : jobs.front().work;
  }

  void answer(const std::exception_ptr& failure) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (abandoned) return;  // has been answered
    if (failure)
      jobs.front().done.set_exception(failure);
    else
      jobs.front().done.set_value();
    jobs.pop_front();
  }

  void run() {
    while (const std::function<void()> work = next()) {
      std::exception_ptr failure;
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      answer(failure);
    }
  }
};

SerialJobs::SerialJobs() : state_(std::make_shared<State>()), thread_([state = state_] { state->run(); }) {}

SerialJobs::~SerialJobs() {
  bool abandoned = false;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->ending = true;
    abandoned = state_->abandoned != nullptr;
  }
  state_->changed.notify_all();
  if (abandoned)
    thread_.detach();
  else
    thread_.join();
}

std::shared_future<void> SerialJobs::add(std::function<void()> job) {
  std::promise<void> done;
  std::shared_future<void> future = done.get_future().share();
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    if (state_->abandoned)
      done.set_exception(state_->abandoned);
    else
      state_->jobs.push_back({std::move(job), std::move(done)});
  }
  state_->changed.notify_all();
  return future;
}

void SerialJobs::abandon(const std::exception_ptr& reason) noexcept {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    if (state_->abandoned) return;
    state_->abandoned = reason;
    state_->answerAll(reason);
  }
  state_->changed.notify_all();
}

}  // namespace cv::mixmim
