#pragma once

#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

namespace cv::mixmim {

/// Reusable objects that are lent out: made when first needed, at most `limit` of them, and given back by the
/// loan's destructor. With a limit the pool is also back-pressure, because take() waits while everything is
/// lent.
///
/// Threads: all functions from any thread. The pool must outlive its loans.
template <class T>
class Pool {
 public:
  struct Return {
    Pool* pool = nullptr;
    void operator()(T* object) const { pool->giveBack(object); }
  };
  using Loan = std::unique_ptr<T, Return>;

  explicit Pool(size_t limit = std::numeric_limits<size_t>::max()) : limit_(limit) {}

  /// Waits for an object; empty once the pool is closed.
  Loan take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !idle_.empty() || owned_.size() < limit_; });
    if (closed_) return {};
    if (idle_.empty()) {
      idle_.reserve(owned_.size() + 1);  // so that giving back never allocates
      owned_.push_back(std::make_unique<T>());
      return Loan(owned_.back().get(), Return{this});
    }
    T* object = idle_.back();
    idle_.pop_back();
    return Loan(object, Return{this});
  }

  void close() { setClosed(true); }
  void open() { setClosed(false); }

  void waitUntilAllAreBack() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return idle_.size() == owned_.size(); });
  }

 private:
  void setClosed(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }

  void giveBack(T* object) {
    const std::lock_guard lock(mutex_);  // held while notifying: a waiter may destroy the pool right after
    idle_.push_back(object);
    changed_.notify_all();
  }

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::vector<std::unique_ptr<T>> owned_;
  std::vector<T*> idle_;
};

}  // namespace cv::mixmim
