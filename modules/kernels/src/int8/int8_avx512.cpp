#if defined(__x86_64__)
#include "kernels/int8.hpp"

#define MIXMIM_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16;

#include "vectors.hpp"

#include "int8/int8_loops.hpp"

}  // namespace

const Int8Kernels kAvx512Int8{"avx512", quantize, finish, finishAdding};

}  // namespace cv::mixmim
#endif
