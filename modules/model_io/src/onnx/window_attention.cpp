// Attention inside windows as nodes of the graph.
#include "model/token_order.hpp"
#include "model_io/onnx/constants.hpp"
#include "onnx/encoder.hpp"

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

Value OnnxEncoder::windowAttention(const Value& x, const Block& block, const Stage& stage) {
  const std::string at = block.name + ".attn";
  const LinearMap qkv =
      foldedInto(linearOf(weights_, at + ".qkv"), affineOf(weights_, block.name + ".norm1"));
  const int64_t tokens = block.windowTokens();
  Value y = layers_.layerNorm(block.name + ".norm1", x, stage.tokens(), stage.eps);
  y = net_.reshape(at + ".rows", layers_.toWindows(at, y, stage, block), {-1, stage.dim});
  const auto part = [&](const char* name, int index, double factor, const std::vector<int64_t>& order) {
    const LinearMap linear = outputs(qkv, index * stage.dim, (index + 1) * stage.dim, factor);
    return ofHeads(block.name + name, y, linear, tokens, stage, order);
  };
  const Value q = part(names::kQuery, 0, scoreScale(stage), {0, 2, 1, 3});  // h x N x d
  const Value k = part(names::kKey, 1, 1.0, {0, 2, 3, 1});                  // h x d x N
  const Value v = part(names::kValue, 2, 1.0, {0, 2, 1, 3});                // h x N x d
  y = projected(softmax(net_.matMul(at + ".scores", q, k), block, stage), v, tokens, block, stage);
  return layers_.toRaster(at, y, stage, block);
}

/// Scores of pairs, h x N x N in every window -> what each token takes of each other.
Value OnnxEncoder::softmax(const Value& scores, const Block& block, const Stage& stage) {
  const std::string at = block.name + ".attn";
  if (!block.biased) return net_.softmax(at + ".softmax", scores, 3);
  const int64_t n = block.windowTokens(), windows = stage.windowsOf(block);
  const Value bias = scoreBias(block, stage);
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

}  // namespace cv::mixmim
