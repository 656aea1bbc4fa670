// What layers that make the tokens of a stage have in common.
#pragma once

#include <memory>

#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

/// A product for each new token, LayerNorm, and then for each token a gain and a shift, which has its
/// position in it. A class token is a row of shifts alone.
class EmbeddingLayer : public FusedLayer {
 protected:
  /// blobs of fused::kPatchEmbedding, whose first two are `projection`.
  EmbeddingLayer(const LayerParams& params, std::unique_ptr<PackedLinear> projection);

  int inputs() const { return projection_->inputs(); }
  int tokens() const { return gains_.rows - classTokens_; }  ///< of an image

 private:
  MatShape outputShape(const MatShape& input) const override;
  void prepare(const MatShape& input) override;
  void run(const cv::Mat& in, cv::Mat& out, std::vector<cv::Mat>&) override;

  /// What is multiplied for the tokens first .. first + count - 1 of all images: rows of inputs() numbers,
  /// written to `room` or already in memory.
  virtual const float* gathered(const cv::Mat& in, int first, int count, float* room) const = 0;

  void place(int first, int count, const float* normed, cv::Mat& out) const;

  const int classTokens_;
  const cv::Mat gains_, shifts_;
  const std::unique_ptr<PackedLinear> projection_;
  RowNorm norm_;
  Rows rows_;
};

}  // namespace cv::mixmim
