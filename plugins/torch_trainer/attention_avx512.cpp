#if defined(__x86_64__)
#include "plugins/torch_trainer/attention_kernels.hpp"

#include <cmath>

#define MIXMIM_TARGET __attribute__((target("avx512f")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16, kRows = 8;

#include "plugins/torch_trainer/attention_loops.hpp"

}  // namespace

const AttentionKernels kAvx512Attention{"avx512", forward, backward};

}  // namespace cv::mixmim
#endif
