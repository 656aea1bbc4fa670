// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET
#define MIXMIM_LANES 4
#define MIXMIM_ROWS 4

#include "attention/attention_loops.hpp"
#include "instruction_sets.hpp"

namespace cv::mixmim {

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
