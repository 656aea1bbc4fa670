// Several processes of a run, played by threads.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim::test {

/// An all-gather between threads: each brings a text, then each gets the texts of all.
class MeetingPoint {
 public:
  explicit MeetingPoint(int size) : brought_(static_cast<size_t>(size)) {}

  std::vector<std::string> exchange(int rank, const std::string& text) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return leaving_ == 0; });  // from the exchange before
    brought_[static_cast<size_t>(rank)] = text;
    if (++arrived_ == brought_.size()) leaving_ = std::exchange(arrived_, 0);
    changed_.notify_all();
    changed_.wait(lock, [&] { return leaving_ > 0; });
    std::vector<std::string> all = brought_;
    if (--leaving_ == 0) changed_.notify_all();
    return all;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> brought_;
  size_t arrived_ = 0, leaving_ = 0;
};

class ThreadWorld final : public World {
 public:
  ThreadWorld(MeetingPoint& point, int rank, int size) : point_(point), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::future<uint32_t> agree(uint32_t bits) override {
    std::promise<uint32_t> answer;
    uint32_t all = 0;
    for (const std::string& one : gather(std::to_string(bits))) all |= static_cast<uint32_t>(std::stoul(one));
    answer.set_value(all);
    return answer.get_future();
  }
  void sum(std::vector<double>& values) override {
    const std::string own(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
    std::fill(values.begin(), values.end(), 0);
    for (const std::string& one : gather(own))
      for (size_t i = 0; i < values.size(); ++i) values[i] += reinterpret_cast<const double*>(one.data())[i];
  }
  void broadcast(cv::Mat& bytes) override {
    const size_t size = bytes.total() * bytes.elemSize();
    const std::string first = gather({reinterpret_cast<const char*>(bytes.data), size}).front();
    std::copy(first.begin(), first.end(), bytes.data);
  }
  std::vector<std::string> gather(const std::string& text) override { return point_.exchange(rank_, text); }
  Traffic traffic() const override { return {}; }
  void fail(const std::string&) noexcept override {}
  void leave() override { gather(""); }

 private:
  MeetingPoint& point_;
  int rank_, size_;
};

/// Runs `work(world)` in `size` threads.
inline void inThreads(int size, const std::function<void(World&)>& work) {
  MeetingPoint point(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      ThreadWorld world(point, rank, size);
      work(world);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace cv::mixmim::test
