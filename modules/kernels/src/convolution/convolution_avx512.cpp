#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx512f")))
#define MIXMIM_LANES 16

#include "convolution/convolution_loops.hpp"

namespace cv::mixmim {

const ConvolutionKernels kAvx512Convolution{"avx512", depthwise, depthwiseBackward, gather, gatherBackward};

}  // namespace cv::mixmim
#endif
