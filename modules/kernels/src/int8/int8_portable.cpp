// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET
#define MIXMIM_LANES 4

#include <opencv2/core.hpp>

#include "instruction_sets.hpp"
#include "int8/int8_loops.hpp"

namespace cv::mixmim {

const Int8Kernels kPortableInt8{"portable", quantize, finish, finishAdding};

std::vector<const Int8Kernels*> int8Kernels() {
  std::vector<const Int8Kernels*> usable;
#if defined(__x86_64__)
  if (canRun(InstructionSet::kAvx512) && cv::checkHardwareSupport(CV_CPU_AVX_512BW) &&
      cv::checkHardwareSupport(CV_CPU_AVX_512VL))
    usable.push_back(&kAvx512Int8);
  if (canRun(InstructionSet::kAvx2)) usable.push_back(&kAvx2Int8);
#endif
  usable.push_back(&kPortableInt8);
  return usable;
}

}  // namespace cv::mixmim
