#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx2,fma")))
#define MIXMIM_LANES 8
#define MIXMIM_ROWS 6

#include "attention/attention_loops.hpp"

namespace cv::mixmim {

const AttentionKernels kAvx2Attention{"avx2", forward, backward, relativeBias};

}  // namespace cv::mixmim
#endif
