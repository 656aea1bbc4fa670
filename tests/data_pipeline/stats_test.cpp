#include "data_pipeline/stats.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

using std::chrono::microseconds;

TEST(StageStats, PercentilesAreRightToTwelvePercent) {
  StageCounter counter;
  for (int i = 1; i <= 1000; ++i) counter.add(microseconds(i * 10));
  const StageStats stats = counter.snapshot();
  EXPECT_EQ(stats.count, 1000);
  EXPECT_NEAR(stats.mean(), 5.005e-3, 1e-6);
  for (const auto& [share, seconds] :
       {std::pair{0.5, 5e-3}, {0.9, 9e-3}, {0.99, 9.9e-3}, {1.0, 1e-2}, {0.001, 1e-5}})
    EXPECT_NEAR(stats.percentile(share), seconds, 0.12 * seconds) << share;
}

TEST(StageStats, ExtremesStayInTheHistogram) {
  StageCounter counter;
  for (const auto time :
       {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-5), std::chrono::nanoseconds(1)})
    counter.add(time);
  counter.add(std::chrono::hours(10));
  EXPECT_EQ(counter.snapshot().count, 4);
  EXPECT_LT(counter.snapshot().percentile(0.5), 2e-6);
  EXPECT_GT(counter.snapshot().percentile(1), 100);
  EXPECT_EQ(StageStats().percentile(0.5), 0);
  EXPECT_EQ(StageStats().mean(), 0);
}

TEST(StageStats, SinceLeavesOutWhatCameBefore) {
  StageCounter counter;
  counter.add(std::chrono::seconds(3));
  const StageStats before = counter.snapshot();
  counter.add(microseconds(100));
  const StageStats since = counter.snapshot().since(before);
  EXPECT_EQ(since.count, 1);
  EXPECT_NEAR(since.percentile(1), 1e-4, 2e-5);
}

TEST(StageCounter, LosesNothingBetweenThreads) {
  StageCounter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) counter.add(microseconds(i % 50));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.snapshot().count, 20000);
}

TEST(SlowestSamples, KeepsTheTenSlowestImages) {
  SlowestSamples slowest;
  for (int i = 0; i < 100; ++i) slowest.add({i, (i * 37 % 100) + 1.0});
  slowest.add({5000, 0.5});
  const auto list = slowest.list();
  ASSERT_EQ(list.size(), 10u);
  for (size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i].seconds, 100.0 - static_cast<double>(i));
}

TEST(SlowestSamples, AnImageIsListedOnce) {
  SlowestSamples slowest;
  for (const double seconds : {1.0, 3.0, 2.0}) slowest.add({7, seconds});
  ASSERT_EQ(slowest.list().size(), 1u);
  EXPECT_EQ(slowest.list()[0].seconds, 3.0);
}

/// A pipeline with two workers that was watched for 10 seconds.
PipelineStats watched(double wait, double decode, double resize) {
  PipelineStats stats;
  stats.images = 100;
  stats.threads = 2;
  stats.seconds = 10;
  stats.waitForBatch.seconds = wait;
  stats.decode.seconds = decode;
  stats.resize.seconds = resize;
  return stats;
}

TEST(Bottleneck, NamesThePartThatHoldsTheRunBack) {
  EXPECT_EQ(bottleneck(PipelineStats()), "nothing was measured");
  EXPECT_EQ(bottleneck(watched(0.1, 5, 1)),
            "the trainer holds the run back: it waited for data 1 % of the time");
  EXPECT_EQ(bottleneck(watched(8, 2, 1)),
            "reading holds the run back: the workers were idle 85 % of the time; more data.readers, faster "
            "storage or `mixmim pack` help");
  EXPECT_EQ(
      bottleneck(watched(8, 15, 4)),
      "decoding holds the run back: 75 % of the workers' time, and they were busy 95 % of it; more cores "
      "(run.threads) or smaller images help");
  EXPECT_EQ(bottleneck(watched(8, 4, 15)).substr(0, 8), "resizing");
}

}  // namespace
}  // namespace cv::mixmim
