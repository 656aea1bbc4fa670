// The pretraining decoder: from one mixed encoding back to both images (paper section 3.3, official
// "forward_decoder").
#pragma once

#include "plugins/torch_trainer/layers.hpp"

namespace cv::mixmim {

/// Unmixes the encoder's tokens into two views of each image and fills the holes with the mask token.
///   view 1: own tokens where the mask is 0, to predict what is hidden where it is 1
///   view 2: the partner's tokens where the mask is 1, to predict the partner where it is 0
class Decoder {
 public:
  Decoder(const Weights& weights, const ModelConfig& model);

  /// tokens: B x L x C; hidden: L bool, the mask cells in raster order -> 2B x L x D, normalised: first all
  /// views 1, then all views 2.
  at::Tensor forward(const at::Tensor& tokens, const at::Tensor& hidden, const Trace& trace = {}) const;

  /// ... x L x D -> ... x L x (pixels of a cell), element (row * stride + column) * 3 + channel.
  at::Tensor predict(const at::Tensor& decoded) const { return predict_(decoded); }

 private:
  Linear embed_;
  at::Tensor maskToken_, position_;
  std::vector<GlobalBlock> blocks_;
  LayerNorm norm_;
  Linear predict_;
};

/// Of the rows of both views (2B x L x D) those that are supervised, as B x L x D: image i at a hidden cell
/// comes from view 1 of mixture i, at a visible one from view 2 of mixture B-1-i.
at::Tensor selectHidden(const at::Tensor& views, const at::Tensor& hidden);

}  // namespace cv::mixmim
