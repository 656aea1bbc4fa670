// A block's MLP as nodes of the graph.
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

Value OnnxEncoder::mlp(const Value& x, const Block& block, const Stage& stage) {
  const std::string hidden = block.name + names::kHidden, output = block.name + names::kOutput;
  const LinearMap fc1 = foldedInto(linearOf(weights_, hidden), affineOf(weights_, block.name + ".norm2"));
  Value y = layers_.layerNorm(block.name + ".norm2", x, stage.rows(), stage.eps);
  y = layers_.linear(hidden, y, fc1, {-1, stage.rows(), stage.hidden});
  if (stage.convolvedMlp) {
    const std::string convolution = block.name + names::kHiddenConvolution;
    y = layers_.depthwise(convolution, y, linearOf(weights_, convolution), stage);
  }
  y = layers_.gelu(block.name + ".mlp.gelu", y);
  return layers_.linear(output, y, linearOf(weights_, output), {-1, stage.rows(), stage.dim});
}

}  // namespace cv::mixmim
