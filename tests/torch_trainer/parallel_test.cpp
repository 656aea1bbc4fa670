#include "compute/parallel.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace cv::mixmim {
namespace {

class ParallelFor : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(2); }
  void TearDown() override { at::set_num_threads(threads_); }

 private:
  const int threads_ = at::get_num_threads();
};

TEST_F(ParallelFor, DoesEverythingOnce) {
  for (const int64_t count : {0, 1, 2, 3, 1000}) {
    std::vector<std::atomic<int>> done(static_cast<size_t>(count));
    parallelFor(count, [&](int64_t i) { ++done[static_cast<size_t>(i)]; });
    for (const auto& times : done) EXPECT_EQ(times, 1) << "of " << count;
  }
}

/// Each of two waits until the other has begun.
TEST_F(ParallelFor, UsesTheThreads) {
  std::mutex mutex;
  std::condition_variable changed;
  int begun = 0, met = 0;
  parallelFor(2, [&](int64_t) {
    std::unique_lock lock(mutex);
    ++begun;
    changed.notify_all();
    met += changed.wait_for(lock, std::chrono::seconds(30), [&] { return begun == 2; });
  });
  EXPECT_EQ(met, 2);
}

TEST_F(ParallelFor, ThrowsWhatTheWorkThrew) {
  const auto run = [] {
    parallelFor(10, [](int64_t i) {
      if (i == 7) throw std::runtime_error("seven");
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
}

}  // namespace
}  // namespace cv::mixmim
