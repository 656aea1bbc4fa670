#include "onnx/encoder.hpp"

#include <cmath>

#include <fmt/format.h>

#include "model/parameters.hpp"

namespace cv::mixmim {

using Value = std::string;  // name of a tensor in the graph

std::vector<Value> OnnxEncoder::stages(const Value& image) {
  std::vector<Value> all;
  Value x = patchEmbedding(image);
  for (size_t s = 0; s < geometry_.stages.size(); ++s) {
    const Stage& stage = geometry_.stages[s];
    for (int n = 0; n < stage.depth; ++n) x = block(fmt::format("layers.{}.blocks.{}", s, n), x, stage);
    all.push_back(x);
    if (s + 1 < geometry_.stages.size()) x = merge(fmt::format("layers.{}.downsample", s), x, stage);
  }
  return all;
}

Value OnnxEncoder::patchEmbedding(const Value& image) {
  const Stage& stage = geometry_.stages.front();
  const LinearMap projection = foldedPreprocessing(linearOf(weights_, "patch_embed.proj"));
  const std::string at = "patch_embed";
  Value x =
      net_.conv(at + ".proj", image, asTensor(projection.weight, weights_.at(at + ".proj.weight").shape),
                asTensor(projection.bias));  // C x g x g
  x = net_.transpose(at + ".tokens", net_.reshape(at + ".flat", x, {-1, stage.dim, stage.tokens()}),
                     {0, 2, 1});
  x = layers_.layerNorm(at + ".norm", x, stage.tokens());  // L x C
  // The norm's bias and the position embedding are one addition.
  const Affine norm = affineOf(weights_, at + ".norm");
  const cv::Mat position = asMatrix(weights_.at("absolute_pos_embed")).reshape(1, stage.tokens());
  x = layers_.timesConstant(at + ".gain", x, perToken(norm.gain, stage.tokens()));
  return layers_.plusConstant("position", x, position + perToken(norm.bias, stage.tokens()));
}

Value OnnxEncoder::block(const std::string& at, const Value& x, const Stage& stage) {
  const Value mixed = net_.add(at + ".attn.sum", x, attention(at, x, stage));
  return net_.add(at + ".mlp.sum", mixed, mlp(at, mixed, stage));
}

Value OnnxEncoder::attention(const std::string& block, const Value& x, const Stage& stage) {
  const std::string at = block + ".attn";
  const LinearMap qkv = foldedInto(linearOf(weights_, at + ".qkv"), affineOf(weights_, block + ".norm1"));
  const int64_t tokens = stage.windowTokens(), heads = stage.heads, dim = stage.dim, headDim = dim / heads;
  Value y = layers_.toWindows(at, layers_.layerNorm(block + ".norm1", x, stage.tokens()), stage);
  y = net_.reshape(at + ".rows", y, {-1, dim});
  const auto part = [&](const std::string& name, int index, double factor,
                        const std::vector<int64_t>& order) {
    const LinearMap linear = outputs(qkv, index * stage.dim, (index + 1) * stage.dim, factor);
    Value z = net_.gemm(at + name, y, asTensor(linear.weight), asTensor(linear.bias));
    z = net_.reshape(at + name + ".heads", z, {-1, tokens, heads, headDim});
    return net_.transpose(at + name + ".order", z, order);
  };
  const Value q = part(".q", 0, 1 / std::sqrt(static_cast<double>(headDim)), {0, 2, 1, 3});  // h x N x d
  const Value k = part(".k", 1, 1.0, {0, 2, 3, 1});                                          // h x d x N
  const Value v = part(".v", 2, 1.0, {0, 2, 1, 3});                                          // h x N x d
  const Value scores = net_.add(at + ".biased", net_.matMul(at + ".scores", q, k), relativeBias(at, stage));
  y = net_.matMul(at + ".values", net_.softmax(at + ".softmax", scores, 3), v);
  y = net_.transpose(at + ".concat", y, {0, 2, 1, 3});
  y = layers_.linear(at + ".proj", y, linearOf(weights_, at + ".proj"), {-1, tokens, dim});
  return layers_.toRaster(at, y, stage);
}

/// The bias of every pair of tokens of a window, h x N x N (N x N for one head: no leading 1).
Value OnnxEncoder::relativeBias(const std::string& at, const Stage& stage) {
  const Tensor& table = weights_.at(at + ".relative_position_bias_table");  // rows x h
  const cv::Mat index = relativePositionIndex(stage.window);                // N x N
  const int n = stage.windowTokens();
  Tensor bias = stage.heads == 1 ? Tensor::zeros({n, n}) : Tensor::zeros({stage.heads, n, n});
  float* out = bias.as<float>();
  for (int h = 0; h < stage.heads; ++h)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) *out++ = table.as<float>()[index.at<int>(i, j) * stage.heads + h];
  return net_.weight(at + ".bias", bias);
}

Value OnnxEncoder::mlp(const std::string& block, const Value& x, const Stage& stage) {
  const std::string at = block + ".mlp";
  const LinearMap fc1 = foldedInto(linearOf(weights_, at + ".fc1"), affineOf(weights_, block + ".norm2"));
  Value y = layers_.layerNorm(block + ".norm2", x, stage.tokens());
  y = layers_.linear(at + ".fc1", y, fc1, {-1, stage.tokens(), fc1.weight.rows});
  return layers_.linear(at + ".fc2", layers_.gelu(at + ".gelu", y), linearOf(weights_, at + ".fc2"),
                        {-1, stage.tokens(), stage.dim});
}

/// 2 x 2 tokens become one of twice the width.
Value OnnxEncoder::merge(const std::string& at, const Value& x, const Stage& stage) {
  const int64_t half = stage.grid / 2, tokens = half * half, dim = stage.dim;
  Value y = net_.reshape(at + ".split", x, {-1, half, 2, half, 2 * dim});
  y = net_.transpose(at + ".group", y, {0, 1, 3, 2, 4});
  y = net_.reshape(at + ".concat", y, {-1, tokens, 4 * dim});
  Affine norm = affineOf(weights_, at + ".norm");
  LinearMap reduction = linearOf(weights_, at + ".reduction");
  norm = {inReshapeOrder(norm.gain), inReshapeOrder(norm.bias)};
  reduction.weight = inReshapeOrder(reduction.weight);
  return layers_.linear(at + ".reduction", layers_.layerNorm(at + ".norm", y, tokens),
                        foldedInto(reduction, norm), {-1, tokens, 2 * dim});
}

}  // namespace cv::mixmim
