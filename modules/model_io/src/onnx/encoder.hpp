// The encoder's stages as nodes of an ONNX graph.
#pragma once

#include <string>
#include <vector>

#include "model_io/onnx/builder.hpp"
#include "onnx/layers.hpp"
#include "opencv2/mixmim/train/geometry.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

class OnnxEncoder {
 public:
  /// All of them must outlive it.
  OnnxEncoder(const TensorMap& weights, const Geometry& geometry, OnnxBuilder& net)
      : weights_(weights), geometry_(geometry), net_(net), layers_(net) {}

  /// image: 3 x S x S, BGR, 0..255 -> for every stage the value after its last block, L x C in raster order.
  std::vector<std::string> stages(const std::string& image);

 private:
  std::string patchEmbedding(const std::string& image);
  std::string block(const std::string& at, const std::string& x, const Stage& stage);
  std::string attention(const std::string& block, const std::string& x, const Stage& stage);
  std::string relativeBias(const std::string& at, const Stage& stage);
  std::string mlp(const std::string& block, const std::string& x, const Stage& stage);
  std::string merge(const std::string& at, const std::string& x, const Stage& stage);

  const TensorMap& weights_;
  const Geometry& geometry_;
  OnnxBuilder& net_;
  OnnxLayers layers_;
};

}  // namespace cv::mixmim
