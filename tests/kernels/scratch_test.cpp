#include "kernels/scratch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace cv::mixmim {
namespace {

TEST(KernelScratch, GivesAlignedArraysThatDoNotOverlap) {
  KernelScratch scratch;
  const int64_t sizes[] = {1, 16, 17, 5, 100, 64};
  for (int round = 0; round < 2; ++round) {
    scratch.reset(1 + 16 + 17 + 5 + 100 + 64, 6);
    std::vector<float*> arrays;
    for (size_t i = 0; i < 6; ++i) {
      arrays.push_back(scratch.take(sizes[i]));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(arrays[i]) % 64, 0u) << i;
      std::fill_n(arrays[i], sizes[i], static_cast<float>(i));
    }
    for (size_t i = 0; i < 6; ++i)
      EXPECT_EQ(std::count(arrays[i], arrays[i] + sizes[i], static_cast<float>(i)), sizes[i]) << i;
  }
}

TEST(KernelScratch, KeepsItsMemory) {
  KernelScratch scratch;
  scratch.reset(1000, 2);
  const float* first = scratch.take(500);
  scratch.reset(10, 1);
  EXPECT_EQ(scratch.take(10), first);
  scratch.reset(1000, 2);
  EXPECT_EQ(scratch.take(1000), first);
}

}  // namespace
}  // namespace cv::mixmim
