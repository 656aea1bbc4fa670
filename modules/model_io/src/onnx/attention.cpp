// The parts that attention of windows and of reduced keys share.
#include <cmath>

#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

/// The factor of scores, which is folded into the queries.
double OnnxEncoder::scoreScale(const Stage& stage) {
  return 1 / std::sqrt(1.0 * stage.dim / stage.heads);
}

/// Rows of C numbers -> tokens x heads x head width, transposed to `order`.
Value OnnxEncoder::ofHeads(const std::string& name, const Value& rows, const LinearMap& linear,
                           int64_t tokens, const Stage& stage, const std::vector<int64_t>& order) {
  Value y = net_.gemm(name, rows, asTensor(linear.weight), asTensor(linear.bias));
  y = net_.reshape(name + ".heads", y, {-1, tokens, stage.heads, stage.dim / stage.heads});
  return net_.transpose(name + ".order", y, order);
}

/// shares: h x tokens x keys, values: h x keys x d -> tokens x C.
Value OnnxEncoder::projected(const Value& shares, const Value& values, int64_t tokens, const Block& block,
                             const Stage& stage) {
  const std::string name = block.name + names::kProjection;
  Value y = net_.matMul(block.name + ".attn.values", shares, values);
  y = net_.transpose(block.name + ".attn.concat", y, {0, 2, 1, 3});
  return layers_.linear(name, y, linearOf(weights_, name), {-1, tokens, stage.dim});
}

}  // namespace cv::mixmim
