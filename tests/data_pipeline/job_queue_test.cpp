#include "flow/job_queue.hpp"

#include <future>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

TEST(JobQueue, FirstComeFirstServed) {
  JobQueue queue;
  for (size_t slot = 0; slot < 3; ++slot) queue.push({nullptr, slot});
  for (size_t slot = 0; slot < 3; ++slot) EXPECT_EQ(queue.pop()->slot, slot);
}

TEST(JobQueue, ClosingWakesWhoWaits) {
  JobQueue queue;
  auto waiting = std::async(std::launch::async, [&] { return queue.pop().has_value(); });
  queue.close();
  EXPECT_FALSE(waiting.get());
}

TEST(JobQueue, NothingOfAClosedQueueIsLeftWhenItOpensAgain) {
  JobQueue queue;
  queue.push({nullptr, 1});
  queue.close();
  queue.push({nullptr, 2});  // a feeder that has not noticed yet
  queue.open();
  queue.push({nullptr, 3});
  EXPECT_EQ(queue.pop()->slot, 3u);
}

}  // namespace
}  // namespace cv::mixmim
