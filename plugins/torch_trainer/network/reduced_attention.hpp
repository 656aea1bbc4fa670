// Attention to keys that stand for many tokens each.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/plan.hpp"
#include "network/layers.hpp"
#include "tokens/attention.hpp"

namespace cv::mixmim {

/// Multi-head attention of every token to the mask cells of its image (PVT's spatial reduction).
class ReducedAttention {
 public:
  ReducedAttention(const Weights& weights, const Block& block, const Stage& stage);
  /// x: B x L x C -> the same. Tokens of a cell follow each other, as in Note [Cells].
  at::Tensor operator()(const at::Tensor& x, const std::shared_ptr<const AttentionPattern>& pattern) const;

 private:
  /// The tokens of a cell become one: a convolution that is a product, and a norm.
  struct Reduction {
    Linear product;
    LayerNorm norm;
  };
  at::Tensor reduced(const at::Tensor& x) const;

  Linear q_, keysValues_, proj_;
  std::optional<Reduction> reduction_;
  int64_t heads_, tokensOfKey_;
};

}  // namespace cv::mixmim
