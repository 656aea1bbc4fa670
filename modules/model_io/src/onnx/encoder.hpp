// The encoder's stages as nodes of an ONNX graph.
#pragma once

#include <string>
#include <vector>

#include "model/plan.hpp"
#include "model_io/onnx/builder.hpp"
#include "onnx/layers.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

class OnnxEncoder {
 public:
  /// All of them must outlive it.
  OnnxEncoder(const TensorMap& weights, const Plan& plan, OnnxBuilder& net)
      : weights_(weights), plan_(plan), net_(net), layers_(net) {}

  /// image: 3 x H x W, BGR, 0..255 -> for every stage the value after its last block, L x C in raster order.
  std::vector<std::string> stages(const std::string& image);

 private:
  std::string embedded(const std::string& image, const Stage& stage);
  std::string merged(const std::string& x, const Stage& before, const Stage& stage);
  std::string run(const std::string& x, const Block& block, const Stage& stage);
  std::string attention(const std::string& x, const Block& block, const Stage& stage);
  std::string softmax(const std::string& scores, const std::string& bias, const Block& block,
                      const Stage& stage);
  std::string scoreBias(const Block& block, const Stage& stage);
  std::string mlp(const std::string& x, const Block& block, const Stage& stage);

  const TensorMap& weights_;
  const Plan& plan_;
  OnnxBuilder& net_;
  OnnxLayers layers_;
};

}  // namespace cv::mixmim
