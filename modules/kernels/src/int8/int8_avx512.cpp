#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define MIXMIM_LANES 16

#include "int8/int8_loops.hpp"

namespace cv::mixmim {

const Int8Kernels kAvx512Int8{"avx512", quantize, finish, finishAdding};

}  // namespace cv::mixmim
#endif
