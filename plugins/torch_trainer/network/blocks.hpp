// Transformer blocks: attention, then an MLP, both residual.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "model/plan.hpp"
#include "network/mlp.hpp"
#include "network/reduced_attention.hpp"
#include "network/self_attention.hpp"
#include "tokens/token_order.hpp"

namespace cv::mixmim {

/// One encoder block.
class EncoderBlock {
 public:
  EncoderBlock(const Weights& weights, const Block& block, const Stage& stage, double dropRate);
  /// `drop` may be null.
  void operator()(Residual& x, const StageOrder& order, DropPath* drop) const;

 private:
  using Attention = std::variant<SelfAttention, ReducedAttention>;
  static Attention attentionOf(const Weights& weights, const Block& block, const Stage& stage);

  Block block_;
  double dropRate_;
  LayerNorm norm1_, norm2_;
  Attention attention_;
  Mlp mlp_;
};

/// One decoder block: global attention without position bias.
class GlobalBlock {
 public:
  GlobalBlock(const Weights& weights, const std::string& name, int heads);
  void operator()(Residual& x) const;

  /// The block for only the tokens that `needed` picks. They attend to all tokens, but nothing else is
  /// computed for the others. `needed` picks rows of B x L x C; `across` is the attention of the picked ones
  /// to all.
  using Pick = std::function<at::Tensor(const at::Tensor& rows)>;
  using See = std::function<at::Tensor(const at::Tensor& queries, const at::Tensor& keysValues,
                                       const SelfAttention&)>;
  Residual picked(Residual& x, const Pick& needed, const See& across) const;

 private:
  LayerNorm norm1_, norm2_;
  SelfAttention attention_;
  Mlp mlp_;
};

}  // namespace cv::mixmim
