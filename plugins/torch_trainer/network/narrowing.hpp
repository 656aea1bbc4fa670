// How a stage makes its tokens: from patches of pixels, or from the tokens of the stage before.
#pragma once

#include "model/plan.hpp"
#include "network/layers.hpp"
#include "network/token_order.hpp"

namespace cv::mixmim {

/// Neighbours, in the order of mergingOrder(), become one token of the stage's width.
class PatchMerging {
 public:
  PatchMerging(const Weights& weights, const Stage& stage)
      : members_(int64_t{stage.side} * stage.side),
        norm_(weights, stage.embedding + ".norm", stage.embeddingEps),
        reduction_(weights, stage.embedding + ".reduction", /*hasBias=*/false) {}
  /// B x L x C -> B x (tokens of the stage) x (its width). `neighbours` puts those of every new token side by
  /// side.
  at::Tensor operator()(const at::Tensor& x, const Permutation& neighbours) const;

 private:
  int64_t members_;
  LayerNorm norm_;
  Linear reduction_;
};

/// Non-overlapping patches to normalised tokens.
class PatchEmbedding {
 public:
  PatchEmbedding(const Weights& weights, const Stage& stage);
  /// B x H x W x 3 -> B x L x C; token k is patch order[k].
  at::Tensor operator()(const at::Tensor& images, const at::Tensor& order) const;

 private:
  int64_t patch_;
  Linear proj_;
  LayerNorm norm_;
};

}  // namespace cv::mixmim
