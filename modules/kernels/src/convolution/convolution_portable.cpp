// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET
#define MIXMIM_LANES 4

#include "convolution/convolution_loops.hpp"
#include "instruction_sets.hpp"

namespace cv::mixmim {

const ConvolutionKernels kPortableConvolution{"portable", depthwise, depthwiseBackward, gather,
                                              gatherBackward};

std::vector<const ConvolutionKernels*> convolutionKernels() {
  std::vector<const ConvolutionKernels*> usable;
#if defined(__x86_64__)
  if (canRun(InstructionSet::kAvx512)) usable.push_back(&kAvx512Convolution);
  if (canRun(InstructionSet::kAvx2)) usable.push_back(&kAvx2Convolution);
#endif
  usable.push_back(&kPortableConvolution);
  return usable;
}

}  // namespace cv::mixmim
