#if defined(__x86_64__)
#include "kernels/attention.hpp"

#include <cmath>
#include <limits>

#define MIXMIM_TARGET __attribute__((target("avx512f")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16, kRows = 8;

#include "vectors.hpp"

#include "attention/attention_loops.hpp"

}  // namespace

const AttentionKernels kAvx512Attention{"avx512", forward, backward, relativeBias};

}  // namespace cv::mixmim
#endif
