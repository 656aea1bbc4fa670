#include "run/step_meter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace cv::mixmim {
namespace {

void wait(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

TEST(StepMeter, AveragesTheStepsThatCount) {
  StepMeter meter;
  meter.add({0, 1.0, 0, 0, false}, 8);
  meter.add({1, NAN, 0, 0, /*skipped=*/true}, 8);
  meter.add({2, 3.0, 0, 0, false}, 8);
  EXPECT_EQ(meter.read(0).loss, 2.0);
  EXPECT_TRUE(std::isnan(meter.read(0).loss));
  meter.add({3, 5.0, 0, 0, false}, 8);
  EXPECT_EQ(meter.read(0).loss, 5.0);
}

/// A loaded machine only makes it slower, so the bounds are on one side.
TEST(StepMeter, WorkBesidesTrainingDoesNotCount) {
  StepMeter meter;
  meter.add({}, 100);
  wait(10);
  meter.pauseFor([] { wait(500); });
  const StepMeter::Reading reading = meter.read(0.001);
  EXPECT_LT(reading.imagesPerSecond, 100 / 0.010);
  EXPECT_GT(reading.imagesPerSecond, 100 / 0.400);
  EXPECT_GT(reading.dataWaitPercent, 0.1);
  wait(10);
  EXPECT_EQ(meter.read(0.001).dataWaitPercent, 0);  // nothing was waited for since the last reading
}

}  // namespace
}  // namespace cv::mixmim
