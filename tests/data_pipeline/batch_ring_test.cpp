#include "flow/batch_ring.hpp"

#include <future>

#include <gtest/gtest.h>

#include "tests/data_pipeline/labels_only.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

using namespace std::chrono_literals;

const BatchRing::Shape kShape{2, 4, {32, 32}, {1, 1}};

std::unique_ptr<TargetReader> targets() {
  return makeTargetReader(Task::kPretrain, Labelling::kOne, test::labelled({}));
}

RingBatch& filled(BatchRing& ring, int64_t step) {
  RingBatch* batch = ring.acquire();
  batch->batch.step = batch->sequence = step;
  ring.publish(*batch);
  return *batch;
}

TEST(BatchRing, AllocatesWhatTheShapeSays) {
  BatchRing ring(kShape, {}, *targets());
  ring.open();
  const Batch& batch = ring.acquire()->batch;
  EXPECT_EQ(batch.capacity(), 4);
  EXPECT_EQ(batch.imageSize(), cv::Size(32, 32));
  EXPECT_EQ(batch.images.size[3], 3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(batch.images.data) % 64, 0u);
  EXPECT_EQ(batch.classTargets.size(), cv::Size(1, 4));
  EXPECT_EQ(batch.mixing.mask.size(), cv::Size(1, 1));
}

TEST(BatchRing, TakesStepsInOrderWhateverIsReadyFirst) {
  BatchRing ring(kShape, {}, *targets());
  ring.open();
  RingBatch &later = filled(ring, 1), &earlier = filled(ring, 0);
  EXPECT_EQ(ring.take(0), &earlier);
  EXPECT_EQ(ring.take(1), &later);
}

TEST(BatchRing, AcquireWaitsForARelease) {
  BatchRing ring(kShape, {}, *targets());
  ring.open();
  filled(ring, 0);
  filled(ring, 1);
  auto waiting = std::async(std::launch::async, [&] { return ring.acquire(); });
  RingBatch* taken = ring.take(0);
  EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
  ring.release(&taken->batch);
  EXPECT_EQ(waiting.get(), taken);
}

TEST(BatchRing, ClosingWakesBothSides) {
  BatchRing ring(kShape, {}, *targets());
  ring.open();
  ring.acquire();
  ring.acquire();
  auto feeder = std::async(std::launch::async, [&] { return ring.acquire(); });
  auto consumer = std::async(std::launch::async, [&] { return ring.take(0); });
  ring.close();
  EXPECT_EQ(feeder.get(), nullptr);
  EXPECT_EQ(consumer.get(), nullptr);
}

TEST(BatchRing, OpeningFreesAllButTheConsumers) {
  BatchRing ring(kShape, {}, *targets());
  ring.open();
  filled(ring, 0);
  RingBatch* held = ring.take(0);
  ring.acquire();
  ring.close();
  ring.open();
  EXPECT_NE(ring.acquire(), held);
  auto waiting = std::async(std::launch::async, [&] { return ring.acquire(); });
  EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
  ring.release(&held->batch);
  EXPECT_EQ(waiting.get(), held);
}

TEST(BatchRing, UsesTheGivenMemoryAndChecksIt) {
  const int sizes[] = {4, 32, 32, 3};
  const cv::Mat memory(4, sizes, CV_8U);
  BatchRing ring(
      {1, 4, {32, 32}, {}}, [&](int) { return memory; }, *targets());
  ring.open();
  EXPECT_EQ(ring.acquire()->batch.images.data, memory.data);
  MIXMIM_EXPECT_ERROR(
      BatchRing(
          {1, 5, {32, 32}, {}}, [&](int) { return memory; }, *targets()),
      "PipelineOptions::allocate: expected 5 x 32 x 32 x 3 continuous bytes, got another array");
  MIXMIM_EXPECT_ERROR(
      BatchRing(
          kShape, [&](int) { return cv::Mat(); }, *targets()),
      "PipelineOptions::allocate: expected 4 x 32 x 32 x 3 continuous bytes, got another array");
}

}  // namespace
}  // namespace cv::mixmim
