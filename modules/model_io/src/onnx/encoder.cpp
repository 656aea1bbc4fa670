#include "onnx/encoder.hpp"

#include <cmath>

#include "model/token_order.hpp"
#include "model_io/onnx/constants.hpp"

namespace cv::mixmim {

namespace names = onnx_names;
using Value = std::string;  // name of a tensor in the graph

namespace {

/// The bias of every pair of tokens of a window: (h * N) x N, CV_32F.
cv::Mat biasOfPairs(const Tensor& table, const Block& block, int heads) {
  const cv::Mat index = relativePositionIndex(block.window);  // N x N
  const int n = block.windowTokens();
  cv::Mat bias(heads * n, n, CV_32F);
  for (int i = 0; i < bias.rows; ++i)
    for (int j = 0; j < n; ++j)
      bias.at<float>(i, j) = table.as<float>()[index.at<int>(i % n, j) * heads + i / n];  // of rows x h
  return bias;
}

/// With the mask of every shifted window: (windows * h * N) x N.
cv::Mat masked(const cv::Mat& bias, const Stage& stage, const Block& block) {
  const cv::Mat mask = shiftMask(stage, block);  // (windows * N) x N
  const int n = block.windowTokens();
  cv::Mat all;
  for (int window = 0; window < stage.windowsOf(block); ++window)
    all.push_back(cv::Mat(bias + cv::repeat(mask.rowRange(window * n, (window + 1) * n), stage.heads, 1)));
  return all;
}

}  // namespace

std::vector<Value> OnnxEncoder::stages(const Value& image) {
  std::vector<Value> all;
  for (size_t s = 0; s < plan_.stages.size(); ++s) {
    const Stage& stage = plan_.stages[s];
    Value x = stage.narrowing == Narrowing::kPatches ? embedded(image, stage)
                                                     : merged(all.back(), plan_.stages[s - 1], stage);
    for (const Block& block : stage.blocks) x = run(x, block, stage);
    all.push_back(x);
  }
  return all;
}

Value OnnxEncoder::embedded(const Value& image, const Stage& stage) {
  const std::string& at = stage.embedding;
  const std::string patches = at + names::kPatches;
  const LinearMap projection = foldedPreprocessing(linearOf(weights_, patches));
  Value x = net_.conv(patches, image, asTensor(projection.weight, weights_.at(patches + ".weight").shape),
                      asTensor(projection.bias));  // C x rows x columns
  x = net_.transpose(at + ".tokens", net_.reshape(at + ".flat", x, {-1, stage.dim, stage.tokens()}),
                     {0, 2, 1});
  x = layers_.layerNorm(at + ".norm", x, stage.tokens(), stage.embeddingEps);  // L x C
  const Affine norm = affineOf(weights_, at + ".norm");
  x = layers_.timesConstant(at + names::kGain, x, perToken(norm.gain, stage.tokens()));
  // The norm's bias and the position embedding are one addition.
  cv::Mat shift = perToken(norm.bias, stage.tokens());
  if (plan_.stages.front().position == Position::kFixed)
    shift += asMatrix(weights_.at("absolute_pos_embed")).reshape(1, stage.tokens());
  return layers_.plusConstant(names::kPosition, x, shift);
}

/// Squares of tokens become one each.
Value OnnxEncoder::merged(const Value& x, const Stage& before, const Stage& stage) {
  const std::string& at = stage.embedding;
  const int64_t side = stage.side, rows = stage.grid.height, columns = stage.grid.width;
  Value y = net_.reshape(at + ".split", x, {-1, rows, side, columns, side * before.dim});
  y = net_.transpose(at + ".group", y, {0, 1, 3, 2, 4});
  y = net_.reshape(at + ".concat", y, {-1, stage.tokens(), side * side * before.dim});
  Affine norm = affineOf(weights_, at + ".norm");
  LinearMap reduction = linearOf(weights_, at + ".reduction");
  norm = {inReshapeOrder(norm.gain, stage.side), inReshapeOrder(norm.bias, stage.side)};
  reduction.weight = inReshapeOrder(reduction.weight, stage.side);
  y = layers_.layerNorm(at + ".norm", y, stage.tokens(), stage.embeddingEps);
  return layers_.linear(at + names::kMerging, y, foldedInto(reduction, norm),
                        {-1, stage.tokens(), stage.dim});
}

Value OnnxEncoder::run(const Value& x, const Block& block, const Stage& stage) {
  const Value mixed = net_.add(block.name + ".attn.sum", x, attention(x, block, stage));
  return net_.add(block.name + ".mlp.sum", mixed, mlp(mixed, block, stage));
}

Value OnnxEncoder::attention(const Value& x, const Block& block, const Stage& stage) {
  const std::string at = block.name + ".attn";
  const LinearMap qkv =
      foldedInto(linearOf(weights_, at + ".qkv"), affineOf(weights_, block.name + ".norm1"));
  const int64_t tokens = block.windowTokens(), heads = stage.heads, dim = stage.dim, headDim = dim / heads;
  Value y = layers_.layerNorm(block.name + ".norm1", x, stage.tokens(), stage.eps);
  y = net_.reshape(at + ".rows", layers_.toWindows(at, y, stage, block), {-1, dim});
  const auto part = [&](const std::string& name, int index, double factor,
                        const std::vector<int64_t>& order) {
    const LinearMap linear = outputs(qkv, index * stage.dim, (index + 1) * stage.dim, factor);
    Value z = net_.gemm(block.name + name, y, asTensor(linear.weight), asTensor(linear.bias));
    z = net_.reshape(block.name + name + ".heads", z, {-1, tokens, heads, headDim});
    return net_.transpose(block.name + name + ".order", z, order);
  };
  const Value q =
      part(names::kQuery, 0, 1 / std::sqrt(static_cast<double>(headDim)), {0, 2, 1, 3});  // h x N x d
  const Value k = part(names::kKey, 1, 1.0, {0, 2, 3, 1});                                // h x d x N
  const Value v = part(names::kValue, 2, 1.0, {0, 2, 1, 3});                              // h x N x d
  const Value bias = scoreBias(block, stage);
  y = net_.matMul(at + ".values", softmax(net_.matMul(at + ".scores", q, k), bias, block, stage), v);
  y = net_.transpose(at + ".concat", y, {0, 2, 1, 3});
  y = layers_.linear(block.name + names::kProjection, y, linearOf(weights_, block.name + names::kProjection),
                     {-1, tokens, dim});
  return layers_.toRaster(at, y, stage, block);
}

/// Scores of pairs, h x N x N in every window -> what each token takes of each other.
Value OnnxEncoder::softmax(const Value& scores, const Value& bias, const Block& block, const Stage& stage) {
  const std::string at = block.name + ".attn";
  const int64_t n = block.windowTokens(), windows = stage.windowsOf(block);
  Value y = scores;
  if (block.shifted()) y = net_.reshape(at + ".pictures", y, {-1, windows * stage.heads, n, n});
  y = net_.softmax(at + ".softmax", net_.add(at + ".biased", y, bias), 3);
  return block.shifted() ? net_.reshape(at + ".windowed", y, {-1, stage.heads, n, n}) : y;
}

/// N x N for one head and one window: no leading 1.
Value OnnxEncoder::scoreBias(const Block& block, const Stage& stage) {
  const Tensor& table = weights_.at(block.name + ".attn.relative_position_bias_table");
  cv::Mat bias = biasOfPairs(table, block, stage.heads);
  if (block.shifted()) bias = masked(bias, stage, block);
  const int64_t n = block.windowTokens();
  const int64_t layers = int64_t{stage.heads} * (block.shifted() ? stage.windowsOf(block) : 1);
  return net_.weight(
      block.name + names::kScoreBias,
      asTensor(bias, layers == 1 ? std::vector<int64_t>{n, n} : std::vector<int64_t>{layers, n, n}));
}

Value OnnxEncoder::mlp(const Value& x, const Block& block, const Stage& stage) {
  const std::string hidden = block.name + names::kHidden, output = block.name + names::kOutput;
  const LinearMap fc1 = foldedInto(linearOf(weights_, hidden), affineOf(weights_, block.name + ".norm2"));
  Value y = layers_.layerNorm(block.name + ".norm2", x, stage.tokens(), stage.eps);
  y = layers_.linear(hidden, y, fc1, {-1, stage.tokens(), stage.hidden});
  y = layers_.gelu(block.name + ".mlp.gelu", y);
  return layers_.linear(output, y, linearOf(weights_, output), {-1, stage.tokens(), stage.dim});
}

}  // namespace cv::mixmim
