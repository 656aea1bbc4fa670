// Multi-head attention between projections: the part without weights except the position bias.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "tokens/token_order.hpp"

namespace cv::mixmim {

/// Self-attention. qkv: B x L x 3C, [q | k | v], each head after head -> B x L x C. `biasTable`, where the
/// pattern is biased: differences of places x heads, one number per offset between two tokens.
///
/// In float32 on the CPU the kernels of kernels/attention.hpp compute it, on a GPU LibTorch's, segment by
/// segment (segment_attention.hpp), elsewhere attendPlainly().
at::Tensor attend(const at::Tensor& qkv, int64_t heads,
                  const std::shared_ptr<const AttentionPattern>& pattern, const at::Tensor& biasTable = {});

/// Attention to other rows. queries: B x Lq x C; keysValues: B x Lk x 2C, [k | v] -> B x Lq x C. The pattern
/// has no windows.
at::Tensor attendAcross(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads,
                        const std::shared_ptr<const AttentionPattern>& pattern);
/// Every query sees every key.
at::Tensor attendAcross(const at::Tensor& queries, const at::Tensor& keysValues, int64_t heads);

/// The same as attend() from LibTorch's operators, scores of tokens that do not see each other masked out:
/// any type. The kernels are tested against it. The pattern is one of the CPU, without an index for segments.
at::Tensor attendPlainly(const at::Tensor& qkv, int64_t heads, const AttentionPattern& pattern,
                         const at::Tensor& biasTable = {});

}  // namespace cv::mixmim
