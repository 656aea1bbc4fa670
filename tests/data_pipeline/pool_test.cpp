#include "flow/pool.hpp"

#include <future>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

TEST(Pool, LendsTheSameObjectsAgain) {
  Pool<int> pool;
  int* first = nullptr;
  {
    const auto a = pool.take(), b = pool.take();
    EXPECT_NE(a.get(), b.get());
    first = b.get();
    *b = 7;
  }
  const auto a = pool.take(), b = pool.take();
  EXPECT_TRUE(a.get() == first || b.get() == first);
  EXPECT_EQ(*a + *b, 7);
}

TEST(Pool, TakeWaitsForAReturn) {
  Pool<int> pool(1);
  auto loan = pool.take();
  auto waiting = std::async(std::launch::async, [&] { return *pool.take(); });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  *loan = 3;
  loan.reset();
  EXPECT_EQ(waiting.get(), 3);
}

TEST(Pool, ClosingWakesAndOpeningLendsAgain) {
  Pool<int> pool(1);
  auto loan = pool.take();
  auto waiting = std::async(std::launch::async, [&] { return pool.take() == nullptr; });
  pool.close();
  EXPECT_TRUE(waiting.get());
  loan.reset();
  EXPECT_EQ(pool.take(), nullptr);
  pool.open();
  EXPECT_NE(pool.take(), nullptr);
}

TEST(Pool, WaitsForAllReturns) {
  Pool<int> pool;
  auto loan = pool.take();
  auto waiting = std::async(std::launch::async, [&] { pool.waitUntilAllAreBack(); });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  loan.reset();
  waiting.get();
}

}  // namespace
}  // namespace cv::mixmim
