#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx2,fma")))
#define MIXMIM_LANES 8

#include "convolution/convolution_loops.hpp"

namespace cv::mixmim {

const ConvolutionKernels kAvx2Convolution{"avx2", depthwise, depthwiseBackward, gather, gatherBackward};

}  // namespace cv::mixmim
#endif
