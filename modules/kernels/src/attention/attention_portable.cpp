#include <cmath>
#include <limits>

#include "instruction_sets.hpp"
#include "kernels/attention.hpp"

// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET

namespace cv::mixmim {

namespace {

constexpr int kLanes = 4, kRows = 4;

#include "vectors.hpp"

#include "attention/attention_loops.hpp"

}  // namespace

const AttentionKernels kPortableAttention{"portable", forward, backward, relativeBias};

std::vector<const AttentionKernels*> attentionKernels() {
  std::vector<const AttentionKernels*> usable;
#if defined(__x86_64__)
  if (canRun(InstructionSet::kAvx512)) usable.push_back(&kAvx512Attention);
  if (canRun(InstructionSet::kAvx2)) usable.push_back(&kAvx2Attention);
#endif
  usable.push_back(&kPortableAttention);
  return usable;
}

}  // namespace cv::mixmim
