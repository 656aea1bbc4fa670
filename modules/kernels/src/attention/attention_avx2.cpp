#if defined(__x86_64__)
#include "kernels/attention.hpp"

#include <cmath>
#include <limits>

#define MIXMIM_TARGET __attribute__((target("avx2,fma")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 8, kRows = 6;

#include "vectors.hpp"

#include "attention/attention_loops.hpp"

}  // namespace

const AttentionKernels kAvx2Attention{"avx2", forward, backward, relativeBias};

}  // namespace cv::mixmim
#endif
