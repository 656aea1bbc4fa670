// The pretraining decoder: from one mixed encoding back to both images (paper section 3.3, official
// "forward_decoder").
#pragma once

#include "network/blocks.hpp"

namespace cv::mixmim {

/// The cells of a mixture sorted by the image they show.
struct CellOrder {
  CellOrder(const cv::Mat& mask, at::Device device);  ///< as for tokenOrder()
  Permutation cells;  ///< raster -> first the cells of the image itself, then its partner's
  int64_t own = 0, partner = 0;
};

/// Unmixes the encoder's tokens into two views of each pair and fills the holes with the mask token.
///   view 1: own tokens where the mask is 0, to predict what is hidden where it is 1
///   view 2: the partner's tokens where the mask is 1, to predict the partner where it is 0
class Decoder {
 public:
  Decoder(const Weights& weights, const ModelConfig& model);

  /// tokens: B x L x C in raster order -> B x L x (pixels of a cell), in the order of `cells`. The row of
  /// mixture b at a cell predicts what b does not show there: its partner's pixels at its own cells, its own
  /// at the partner's. These are the pixels of mixture B-1-b. Computes nothing else. Without `both` only view
  /// 1 is decoded, and the result has the last `cells.partner` rows alone.
  at::Tensor predictHidden(const at::Tensor& tokens, const CellOrder& cells, bool both = true) const;

  /// The decoded tokens of both views: 2B x L x D in raster order, normalised; first all views 1, then all
  /// views 2.
  at::Tensor views(const at::Tensor& tokens, const CellOrder& cells, const Trace& trace = {}) const;

  /// ... x L x D -> ... x L x (pixels of a cell), element (row * stride + column) * 3 + channel.
  at::Tensor predict(const at::Tensor& decoded) const { return predict_(decoded); }

 private:
  /// e: B x L x D, sorted -> 2B (or B) x L x D with the position embedding.
  at::Tensor fill(const at::Tensor& e, const CellOrder& cells, bool both) const;

  Linear embed_;
  at::Tensor maskToken_, position_;
  std::vector<GlobalBlock> blocks_;
  LayerNorm norm_;
  Linear predict_;
};

}  // namespace cv::mixmim
