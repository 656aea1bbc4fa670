// The encoder's stages as nodes of an ONNX graph, written kind by kind: narrowing, positions, attention of
// windows and of reduced keys, MLP, each in a file of its own.
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

  /// image: 3 x H x W, BGR, 0..255 -> for every stage the value after its last block and, except in the last
  /// stage, its norm: L x C in raster order, a class token before them.
  std::vector<std::string> stages(const std::string& image);

 private:
  // narrowing.cpp
  std::string embedded(const std::string& image);
  std::string narrowed(const std::string& x, const Stage& before, const Stage& stage);
  std::string patchesOfPixels(const std::string& image, const Stage& stage);
  std::string patchesOfTokens(const std::string& x, const Stage& before, const Stage& stage);
  std::string overlapping(const std::string& map, const Stage& stage);
  std::string merged(const std::string& x, const Stage& before, const Stage& stage);
  // positions.cpp
  std::string withPositions(const std::string& x, const Stage& stage);
  std::string plusConvolution(const std::string& x, const Stage& stage);
  // encoder.cpp
  std::string run(const std::string& x, const Block& block, const Stage& stage);
  // window_attention.cpp
  std::string windowAttention(const std::string& x, const Block& block, const Stage& stage);
  std::string softmax(const std::string& scores, const Block& block, const Stage& stage);
  std::string scoreBias(const Block& block, const Stage& stage);
  // reduced_attention.cpp
  std::string reducedAttention(const std::string& x, const Block& block, const Stage& stage);
  std::string keys(const std::string& y, const Block& block, const Stage& stage);
  // attention.cpp
  static double scoreScale(const Stage& stage);
  std::string ofHeads(const std::string& name, const std::string& rows, const LinearMap& linear,
                      int64_t tokens, const Stage& stage, const std::vector<int64_t>& order);
  std::string projected(const std::string& shares, const std::string& values, int64_t tokens,
                        const Block& block, const Stage& stage);
  // mlp.cpp
  std::string mlp(const std::string& x, const Block& block, const Stage& stage);

  const TensorMap& weights_;
  const Plan& plan_;
  OnnxBuilder& net_;
  OnnxLayers layers_;
};

}  // namespace cv::mixmim
