// Attention of a GPU, segment by segment: only pairs that see each other, no copies of q, k and v, and the
// same bits in every run.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "tokens/token_order.hpp"

namespace cv::mixmim {

/// Attention of one segment as an operator of LibTorch computes it. Views with any strides but the last.
struct SegmentInput {
  at::Tensor q, k, v;  ///< B x n x heads x d
  at::Tensor bias;     ///< B x heads x n x n, of stride 0 for B; undefined = none
  double scale;
};
struct SegmentOutput {
  at::Tensor out;           ///< B x n x heads x d; a view where tokens follow each other, in backward()
  at::Tensor logSums;       ///< B x heads x n or more
  at::Tensor seed, offset;  ///< of dropout, which is not used
};
struct SegmentGradient {
  at::Tensor q, k, v, bias;  ///< of the shapes of SegmentInput; bias undefined where there is none
};

class AttentionOperators {
 public:
  virtual ~AttentionOperators() = default;
  virtual SegmentOutput forward(const SegmentInput& input) const = 0;
  virtual SegmentGradient backward(const SegmentInput& input, const SegmentOutput& output,
                                   const at::Tensor& outGradient) const = 0;
};

/// LibTorch's memory-efficient attention, the only kernels of a GPU with a gradient of the bias. Keys are not
/// split among threads, whose sums would come in any order.
const AttentionOperators& efficientAttention();

/// As attend() in attention.hpp. Error where a batch is too large for the gradient of the bias.
at::Tensor attendBySegments(const at::Tensor& qkv, int64_t heads,
                            const std::shared_ptr<const AttentionPattern>& pattern,
                            const at::Tensor& biasTable, const AttentionOperators& operators);

/// As attendAcross() in attention.hpp.
at::Tensor attendAcrossBySegments(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads,
                                  const std::shared_ptr<const AttentionPattern>& pattern,
                                  const AttentionOperators& operators);

}  // namespace cv::mixmim
