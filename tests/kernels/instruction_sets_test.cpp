#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include <opencv2/core.hpp>

#include "kernels/layers.hpp"

namespace cv::mixmim::test {
namespace {

/// What a process says that has MIXMIM_KERNELS from the beginning on.
void say(const char* kernels) {
  setenv("MIXMIM_KERNELS", kernels, /*overwrite=*/1);
  std::cerr << '<' << nameOfKernels() << '>';
  std::exit(0);
}

TEST(InstructionSetsDeathTest, TheEnvironmentNamesTheFastest) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto exited = ::testing::ExitedWithCode(0);
  EXPECT_EXIT(say("portable"), exited, "<portable>");
  EXPECT_EXIT(say("emulated-tiles"), exited, "<emulated-tiles>");
  if (cv::checkHardwareSupport(CV_CPU_AVX2) && cv::checkHardwareSupport(CV_CPU_FMA3)) {
    EXPECT_EXIT(say("avx2"), exited, "<avx2>");
  }
  if (cv::checkHardwareSupport(CV_CPU_AVX_512F)) {
    EXPECT_EXIT(say("avx512"), exited, "<avx512>");
  }
  EXPECT_EXIT(say("fast"), exited,
              "<MIXMIM_KERNELS: expected portable, avx2, avx512 or amx, got fast; unset it for the "
              "fastest>");
}

}  // namespace
}  // namespace cv::mixmim::test
