#if defined(__x86_64__)
#include "kernels/int8.hpp"

#define MIXMIM_TARGET __attribute__((target("avx2,fma")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 8;

#include "vectors.hpp"

#include "int8/int8_loops.hpp"

}  // namespace

const Int8Kernels kAvx2Int8{"avx2", quantize, finish, finishAdding};

}  // namespace cv::mixmim
#endif
