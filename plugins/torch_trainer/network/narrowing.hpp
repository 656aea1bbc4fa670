// How a stage makes its tokens: from patches of pixels, or from the tokens of the stage before.
#pragma once

#include "model/plan.hpp"
#include "network/layers.hpp"
#include "tokens/token_order.hpp"

namespace cv::mixmim {

/// Neighbours, in the order of mergingOrder(), become one token of the stage's width.
class PatchMerging {
 public:
  PatchMerging(const Weights& weights, const Stage& stage);
  /// x: B x L x C, tokens of the stage before -> B x (tokens of the stage) x (its width).
  at::Tensor operator()(const at::Tensor& x, const StageOrder& order) const;

 private:
  int64_t members_;
  LayerNorm norm_;
  Linear reduction_;
};

/// Patches of pixels, or of tokens, to normalised tokens; they may overlap.
class PatchEmbedding {
 public:
  PatchEmbedding(const Weights& weights, const Stage& stage, bool ofPixels);
  /// x: B x H x W x 3, or B x L x C tokens of the stage before -> B x (tokens of the stage) x (its width).
  at::Tensor operator()(const at::Tensor& x, const StageOrder& order) const;

 private:
  at::Tensor product(const at::Tensor& x, const StageOrder& order) const;

  int64_t side_;
  bool overlapping_, ofPixels_;
  Linear proj_;
  LayerNorm norm_;
};

}  // namespace cv::mixmim
