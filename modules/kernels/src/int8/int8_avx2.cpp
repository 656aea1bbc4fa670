#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx2,fma")))
#define MIXMIM_LANES 8

#include "int8/int8_loops.hpp"

namespace cv::mixmim {

const Int8Kernels kAvx2Int8{"avx2", quantize, finish, finishAdding};

}  // namespace cv::mixmim
#endif
