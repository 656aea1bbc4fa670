#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx512f")))
#define MIXMIM_LANES 16
#define MIXMIM_ROWS 8

#include "attention/attention_loops.hpp"

namespace cv::mixmim {

const AttentionKernels kAvx512Attention{"avx512", forward, backward, relativeBias};

}  // namespace cv::mixmim
#endif
