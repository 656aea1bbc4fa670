// The threads that the kernels are tested with notice what a GPU would not forgive; and bfloat16 to the last
// bit.
#include "tests/torch_trainer/cuda/host_threads.hpp"

#include <c10/util/BFloat16.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cuda/kernels/numbers.hpp"

namespace cv::mixmim::gpu {
namespace {

/// Every thread leaves its number and reads its neighbour's.
int neighboursSum(bool waits, ThreadOrder order) {
  static int left[64];
  int sum = 0;
  std::fill_n(left, 64, 0);
  runOnHost({1, 1}, {64, 1}, order, [&] {
    left[threadIdx.x] = 1;
    if (waits) __syncthreads();
    sum += left[63 - threadIdx.x];
  });
  return sum;
}

TEST(GpuHostThreads, SeeAMissingBarrier) {
  for (const ThreadOrder order : {ThreadOrder::kAscending, ThreadOrder::kDescending}) {
    EXPECT_EQ(neighboursSum(true, order), 64);
    EXPECT_EQ(neighboursSum(false, order), 32);
  }
}

TEST(GpuHostThreads, ExchangeRegistersWithinAWarp) {
  std::vector<float> sums(96);
  runOnHost({1, 1}, {32, 3}, ThreadOrder::kAscending, [&] {
    const unsigned thread = threadIdx.y * 32 + threadIdx.x;
    if (threadIdx.y == 1) return;  // a warp without work
    auto sum = static_cast<float>(thread);
    for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, apart);
    sums[thread] = sum;
  });
  EXPECT_EQ(sums[0], 496);  // 0 + ... + 31
  EXPECT_EQ(sums[31], 496);
  EXPECT_EQ(sums[32], 0);
  EXPECT_EQ(sums[95], 2544);  // 64 + ... + 95
}

struct Wrong {
  const char* name;
  Index block;
  std::function<void()> kernel;
  const char* message;
};

TEST(GpuHostThreads, RefuseWhatWouldHang) {
  const Wrong cases[] = {
      {"half of a block waits for the block, half for its warp",
       {64, 1},
       [] {
         if (threadIdx.x < 32) return __syncthreads();
         if (threadIdx.x < 63) __shfl_xor_sync(0xffffffffu, 1.f, 1);
       },
       "threads of a block wait at different barriers"},
      {"half a warp", {16, 1}, [] {}, "a block of 16 threads, expected whole warps and at most 1024"},
  };
  for (const Wrong& wrong : cases) {
    SCOPED_TRACE(wrong.name);
    try {
      runOnHost({1, 1}, wrong.block, ThreadOrder::kAscending, wrong.kernel);
      ADD_FAILURE() << "no error";
    } catch (const std::logic_error& error) {
      EXPECT_STREQ(error.what(), wrong.message);
    }
  }
}

/// Every upper half with lower halves about the middle between two numbers.
TEST(GpuNumbers, RoundToBfloat16AsLibTorchDoes) {
  for (uint32_t upper = 0; upper < 0x10000; ++upper)
    for (const uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float x = __uint_as_float(upper << 16 | lower);
      const unsigned short own = Rounded<float, Bfloat16>::of(x).bits;
      if (x != x) {
        ASSERT_TRUE(std::isnan(toReal<float>(Bfloat16{own}))) << upper << ", " << lower;
      } else {
        ASSERT_EQ(own, c10::BFloat16(x).x) << upper << ", " << lower;
        ASSERT_EQ(toReal<float>(Bfloat16{own}), static_cast<float>(c10::BFloat16(x)));
      }
    }
}

}  // namespace
}  // namespace cv::mixmim::gpu
