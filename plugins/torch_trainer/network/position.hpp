// Where a token is, added to it before the first block of a stage.
#pragma once

#include "model/plan.hpp"
#include "network/layers.hpp"
#include "tokens/token_order.hpp"

namespace cv::mixmim {

/// Class tokens and the position embedding of a stage, where it has them.
class Positions {
 public:
  Positions(const Weights& weights, const Stage& stage);
  /// B x tokens x C -> B x (tokens and class tokens) x C, float32.
  at::Tensor operator()(const at::Tensor& tokens, const StageOrder& order) const;

 private:
  at::Tensor withClassTokens(const at::Tensor& tokens, const StageOrder& order) const;

  at::Tensor embedding_;   ///< 1 x rows x C, class token first; undefined = none
  at::Tensor classToken_;  ///< 1 x 1 x C; undefined = none
};

}  // namespace cv::mixmim
