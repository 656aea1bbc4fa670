#include "onnx_graph.hpp"

#include <cmath>

#include <fmt/format.h>

#include "model_io/parameters.hpp"
#include "onnx_folding.hpp"
#include "opencv2/mixmim/geometry.hpp"

// Note [Spelling]
// Runtimes differ in what they accept, so the graph keeps to what all of them compute correctly: constants
// without leading 1-dimensions; reshapes with one literal -1, the batch; linears as Reshape-Gemm-Reshape;
// LayerNorm as InstanceNormalization of tokens x channels with unit gain, its own gain and bias folded into
// the next linear; GELU as Div-Erf-Add-Mul-Mul with the constant second. Tokens stay in raster order; a block
// with several windows regroups them and puts them back.

namespace cv::mixmim {

namespace {

using Value = std::string;  // name of a tensor in the graph

constexpr float kEpsilon = 1e-5f;  // of every LayerNorm

class Network {
 public:
  Network(const TensorMap& weights, const ModelConfig& model)
      : weights_(weights), geometry_(geometryOf(model)), net_("MixMIM", description(model)) {}

  OnnxBuilder build() {
    const int64_t side = geometry_.imageSize;
    Value x = patchEmbedding(net_.input("image", {3, side, side}));
    for (size_t s = 0; s < geometry_.stages.size(); ++s) {
      const Stage& stage = geometry_.stages[s];
      for (int n = 0; n < stage.depth; ++n) x = block(fmt::format("layers.{}.blocks.{}", s, n), x, stage);
      if (s + 1 < geometry_.stages.size()) x = merge(fmt::format("layers.{}.downsample", s), x, stage);
    }
    net_.output(head(x), {weights_.at("head.bias").elements()});
    return std::move(net_);
  }

 private:
  static std::string description(const ModelConfig& model) {
    return fmt::format(
        "MixMIM classifier. Input: image, N x 3 x {0} x {0}, float32, BGR, 0..255, as "
        "blobFromImage(picture, 1.0, Size({0}, {0})) makes it; mean and std are inside. "
        "Output: logits, N x classes.",
        model.imageSize);
  }

  Value patchEmbedding(const Value& image) {
    const Stage& stage = geometry_.stages.front();
    const Linear projection = foldedPreprocessing(linearOf(weights_, "patch_embed.proj"));
    const std::string at = "patch_embed";
    Value x =
        net_.conv(at + ".proj", image, asTensor(projection.weight, weights_.at(at + ".proj.weight").shape),
                  asTensor(projection.bias));                                                   // C x g x g
    x = net_.reshape(at + ".flat", x, {-1, stage.dim, stage.tokens()});                         // C x L
    x = layerNorm(at + ".norm", net_.transpose(at + ".tokens", x, {0, 2, 1}), stage.tokens());  // L x C
    // The one affine that no linear follows: gain per token, and bias and position in one addition.
    const Affine norm = affineOf(weights_, at + ".norm");
    const cv::Mat position = asMatrix(weights_.at("absolute_pos_embed")).reshape(1, stage.tokens());
    const cv::Mat gains = cv::repeat(norm.gain.t(), stage.tokens(), 1);
    const cv::Mat shifts = position + cv::repeat(norm.bias.t(), stage.tokens(), 1);
    x = net_.mul(at + ".gain", x, net_.constant(at + ".gains", asTensor(gains)));
    return net_.add("position", x, net_.constant("positions", asTensor(shifts)));
  }

  Value block(const std::string& at, const Value& x, const Stage& stage) {
    const Value mixed = net_.add(at + ".attn.sum", x, attention(at, x, stage));
    return net_.add(at + ".mlp.sum", mixed, mlp(at, mixed, stage));
  }

  Value attention(const std::string& block, const Value& x, const Stage& stage) {
    const std::string at = block + ".attn";
    const Linear qkv = foldedInto(linearOf(weights_, at + ".qkv"), affineOf(weights_, block + ".norm1"));
    const int64_t tokens = stage.windowTokens(), heads = stage.heads, dim = stage.dim, headDim = dim / heads;
    Value y = toWindows(at, layerNorm(block + ".norm1", x, stage.tokens()), stage);
    y = net_.reshape(at + ".rows", y, {-1, dim});
    const auto part = [&](const std::string& name, int index, double factor,
                          const std::vector<int64_t>& order) {
      const Linear linear = outputs(qkv, index * stage.dim, (index + 1) * stage.dim, factor);
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
    y = linear(at + ".proj", y, linearOf(weights_, at + ".proj"), {-1, tokens, dim});
    return toRaster(at, y, stage);
  }

  /// The bias of every pair of tokens of a window, h x N x N (N x N for one head: no leading 1).
  Value relativeBias(const std::string& at, const Stage& stage) {
    const Tensor& table = weights_.at(at + ".relative_position_bias_table");  // rows x h
    const cv::Mat index = relativePositionIndex(stage.window);                // N x N
    const int n = stage.windowTokens();
    Tensor bias = stage.heads == 1 ? Tensor::zeros({n, n}) : Tensor::zeros({stage.heads, n, n});
    float* out = bias.as<float>();
    for (int h = 0; h < stage.heads; ++h)
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) *out++ = table.as<float>()[index.at<int>(i, j) * stage.heads + h];
    return net_.constant(at + ".bias", bias);
  }

  Value mlp(const std::string& block, const Value& x, const Stage& stage) {
    const std::string at = block + ".mlp";
    const Linear fc1 = foldedInto(linearOf(weights_, at + ".fc1"), affineOf(weights_, block + ".norm2"));
    Value y = layerNorm(block + ".norm2", x, stage.tokens());
    y = linear(at + ".fc1", y, fc1, {-1, stage.tokens(), fc1.weight.rows});
    return linear(at + ".fc2", gelu(at + ".gelu", y), linearOf(weights_, at + ".fc2"),
                  {-1, stage.tokens(), stage.dim});
  }

  Value gelu(const std::string& at, const Value& x) {
    Value y = net_.div(at + ".div", x, net_.scalar(std::sqrt(2.f)));
    y = net_.add(at + ".add", net_.erf(at + ".erf", y), net_.scalar(1.f));
    return net_.mul(at + ".half", net_.mul(at + ".mul", x, y), net_.scalar(0.5f));
  }

  /// 2 x 2 tokens become one of twice the width.
  Value merge(const std::string& at, const Value& x, const Stage& stage) {
    const int64_t half = stage.grid / 2, tokens = half * half, dim = stage.dim;
    Value y = net_.reshape(at + ".split", x, {-1, half, 2, half, 2 * dim});
    y = net_.transpose(at + ".group", y, {0, 1, 3, 2, 4});
    y = net_.reshape(at + ".concat", y, {-1, tokens, 4 * dim});
    Affine norm = affineOf(weights_, at + ".norm");
    Linear reduction = linearOf(weights_, at + ".reduction");
    norm = {inReshapeOrder(norm.gain), inReshapeOrder(norm.bias)};
    reduction.weight = inReshapeOrder(reduction.weight);
    return linear(at + ".reduction", layerNorm(at + ".norm", y, tokens), foldedInto(reduction, norm),
                  {-1, tokens, 2 * dim});
  }

  /// Mean over the tokens before the final norm's affine, which commutes with it, then the classifier.
  Value head(const Value& x) {
    const Stage& last = geometry_.stages.back();
    Value y = net_.transpose("pool.order", layerNorm("norm", x, last.tokens()), {0, 2, 1});
    y = net_.globalAveragePool("pool", net_.reshape("pool.map", y, {-1, last.dim, last.tokens(), 1}));
    y = net_.reshape("pool.rows", y, {-1, last.dim});
    const Linear head = foldedInto(linearOf(weights_, "head"), affineOf(weights_, "norm"));
    return net_.gemm("logits", y, asTensor(head.weight), asTensor(head.bias));
  }

  /// x: tokens x C -> every token to mean 0 and variance 1; gain and bias are folded into what follows.
  Value layerNorm(const std::string& name, const Value& x, int64_t tokens) {
    return net_.instanceNorm(name, x, tokens, kEpsilon);
  }

  Value linear(const std::string& name, const Value& x, const Linear& map,
               const std::vector<int64_t>& shape) {
    const Value rows = net_.reshape(name + ".rows", x, {-1, map.weight.cols});
    return net_.reshape(name + ".tokens", net_.gemm(name, rows, asTensor(map.weight), asTensor(map.bias)),
                        shape);
  }

  /// Raster order to one batch entry per window: L x C -> (windows) x N x C.
  Value toWindows(const std::string& at, const Value& x, const Stage& stage) {
    if (stage.window == stage.grid) return x;
    const int64_t windows = stage.grid / stage.window, width = int64_t{stage.window} * stage.dim;
    Value y = net_.reshape(at + ".split", x, {-1, stage.window, windows, width});
    y = net_.transpose(at + ".group", y, {0, 2, 1, 3});
    return net_.reshape(at + ".windows", y, {-1, stage.windowTokens(), stage.dim});
  }

  Value toRaster(const std::string& at, const Value& x, const Stage& stage) {
    if (stage.window == stage.grid) return x;
    const int64_t windows = stage.grid / stage.window, width = int64_t{stage.window} * stage.dim;
    Value y = net_.reshape(at + ".unsplit", x, {-1, windows, stage.window, width});
    y = net_.transpose(at + ".ungroup", y, {0, 2, 1, 3});
    return net_.reshape(at + ".raster", y, {-1, stage.tokens(), stage.dim});
  }

  const TensorMap& weights_;
  const Geometry geometry_;
  OnnxBuilder net_;
};

}  // namespace

OnnxBuilder onnxGraph(const TensorMap& weights, const ModelConfig& model) {
  return Network(weights, model).build();
}

}  // namespace cv::mixmim
