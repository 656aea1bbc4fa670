// Where tokens get to know their place, as nodes of the graph.
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

/// New tokens after their norm, whose bias, the position embedding and the class token are one addition.
Value OnnxEncoder::withPositions(const Value& x, const Stage& stage) {
  const std::string& at = stage.embedding;
  const bool first = &stage == &plan_.stages.front();
  const Affine norm = affineOf(weights_, at + ".norm");
  Value y = layers_.layerNorm(at + ".norm", x, stage.tokens(), stage.embeddingEps);
  cv::Mat shift = perToken(norm.bias, stage.tokens());
  if (stage.classToken) {
    y = net_.padRows(at + ".rows", y, 1);
    cv::vconcat(asMatrix(weights_.at("cls_token")).reshape(1, 1), shift, shift);
  }
  if (stage.position == Position::kFixed || stage.position == Position::kLearned)
    shift += asMatrix(weights_.at(stage.positions)).reshape(1, stage.rows());
  y = layers_.timesConstant(at + names::kGain, y, perToken(norm.gain, stage.rows()));
  return layers_.plusConstant(first ? names::kPosition : at + names::kShift, y, shift);
}

/// x + convolution(x) as one convolution: the centre of its kernel is one more.
Value OnnxEncoder::plusConvolution(const Value& x, const Stage& stage) {
  LinearMap kernel = linearOf(weights_, stage.positions);  // C x 9
  kernel.weight.col(kernel.weight.cols / 2) += 1;
  return layers_.depthwise(stage.positions, x, kernel, stage);
}

}  // namespace cv::mixmim
