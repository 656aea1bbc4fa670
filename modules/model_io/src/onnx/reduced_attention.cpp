// Attention with keys that stand for several tokens, as nodes of the graph.
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

Value OnnxEncoder::reducedAttention(const Value& x, const Block& block, const Stage& stage) {
  const std::string at = block.name + ".attn";
  const bool reduced = block.reduction > 1;
  const Affine norm = affineOf(weights_, block.name + ".norm1");
  const LinearMap queries = foldedInto(linearOf(weights_, at + ".q"), norm);
  const LinearMap pairs =
      foldedInto(linearOf(weights_, at + ".kv"), reduced ? affineOf(weights_, at + ".norm") : norm);
  const int64_t tokens = stage.rows(), keyCount = stage.keysOf(block);
  const Value y = layers_.layerNorm(block.name + ".norm1", x, tokens, stage.eps);
  const Value rows = net_.reshape(at + ".rows", y, {-1, stage.dim});
  const Value keyRows = reduced ? net_.reshape(at + ".keys", keys(y, block, stage), {-1, stage.dim}) : rows;
  const Value q = ofHeads(block.name + names::kQuery, rows, outputs(queries, 0, stage.dim, scoreScale(stage)),
                          tokens, stage, {0, 2, 1, 3});  // h x L x d
  const Value k = ofHeads(block.name + names::kKey, keyRows, outputs(pairs, 0, stage.dim), keyCount, stage,
                          {0, 2, 3, 1});  // h x d x keys
  const Value v = ofHeads(block.name + names::kValue, keyRows, outputs(pairs, stage.dim, 2 * stage.dim),
                          keyCount, stage, {0, 2, 1, 3});  // h x keys x d
  const Value shares = net_.softmax(at + ".softmax", net_.matMul(at + ".scores", q, k), 3);
  return projected(shares, v, tokens, block, stage);
}

/// y: tokens after norm1 without its gain and bias -> one for each square of tokens, normed.
Value OnnxEncoder::keys(const Value& y, const Block& block, const Stage& stage) {
  CV_Assert(!stage.classToken);  // it belongs to no square
  const std::string name = block.name + names::kReduction;
  const LinearMap reduction = channelsLast(linearOf(weights_, name), stage.dim);
  const Affine norm = affineOf(weights_, block.name + ".norm1");
  const Affine members{cv::repeat(norm.gain, block.reduction * block.reduction, 1),
                       cv::repeat(norm.bias, block.reduction * block.reduction, 1)};
  const int64_t count = stage.keysOf(block);
  const Value squares = layers_.squares(name, y, stage.grid / block.reduction, block.reduction, stage.dim);
  const Value reduced = layers_.linear(name, squares, foldedInto(reduction, members), {-1, count, stage.dim});
  return layers_.layerNorm(block.name + ".attn.norm", reduced, count, kReductionEps);
}

}  // namespace cv::mixmim
