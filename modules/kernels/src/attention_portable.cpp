#include <cmath>
#include <limits>

#include <opencv2/core.hpp>

#include "kernels/attention.hpp"

// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET

namespace cv::mixmim {

namespace {

constexpr int kLanes = 4, kRows = 4;

#include "vectors.hpp"

#include "attention_loops.hpp"

}  // namespace

const AttentionKernels kPortableAttention{"portable", forward, backward, relativeBias};

std::vector<const AttentionKernels*> attentionKernels() {
  std::vector<const AttentionKernels*> usable;
#if defined(__x86_64__)
  if (cv::checkHardwareSupport(CV_CPU_AVX_512F)) usable.push_back(&kAvx512Attention);
  if (cv::checkHardwareSupport(CV_CPU_AVX2) && cv::checkHardwareSupport(CV_CPU_FMA3))
    usable.push_back(&kAvx2Attention);
#endif
  usable.push_back(&kPortableAttention);
  return usable;
}

}  // namespace cv::mixmim
