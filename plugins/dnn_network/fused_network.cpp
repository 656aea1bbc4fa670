#include "fused_network.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/attention.hpp"
#include "layers/fused_layers.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

using cv::dnn::LayerParams;
using Shape = std::vector<int64_t>;

/// Raster positions of a grid's tokens, window by window.
std::vector<int> windowOrder(int grid, int window) {
  std::vector<int> order;
  for (int top = 0; top < grid; top += window)
    for (int left = 0; left < grid; left += window)
      for (int y = top; y < top + window; ++y)
        for (int x = left; x < left + window; ++x) order.push_back(y * grid + x);
  return order;
}

cv::Mat asColumn(const std::vector<int>& numbers) {
  return cv::Mat(numbers, /*copyData=*/true);
}

/// rows of `from` in another order
cv::Mat reordered(const cv::Mat& from, const std::vector<int>& order) {
  cv::Mat to(from.size(), from.type());
  for (size_t i = 0; i < order.size(); ++i) from.row(order[i]).copyTo(to.row(static_cast<int>(i)));
  return to;
}

/// Heads as wide as the kernels want them, the new numbers 0: rows are those of the heads.
cv::Mat paddedHeads(const cv::Mat& rows, int heads, int padded) {
  const int dim = rows.rows / heads;
  if (dim == padded) return rows;
  cv::Mat result = cv::Mat::zeros(heads * padded, rows.cols, CV_32F);
  for (int h = 0; h < heads; ++h)
    rows.rowRange(h * dim, (h + 1) * dim).copyTo(result.rowRange(h * padded, h * padded + dim));
  return result;
}

class Network {
 public:
  Network(const TensorMap& constants, const std::string& where, bool int8)
      : constants_(constants), where_(where), int8_(int8) {}

  cv::dnn::Net build() {
    addEmbedding();
    for (int stage = 0;; ++stage) {
      for (int n = 0; has(blockName(stage, n) + ".attn.bias"); ++n) addBlock(blockName(stage, n));
      if (!has(fmt::format("layers.{}.downsample.reduction.weight", stage))) break;
      addMerging(stage);
    }
    LayerParams none;
    add(fused::kFeatures, fused::kPool, none);
    if (has("logits.weight")) addClassifier();
    return net_;
  }

 private:
  static std::string blockName(int stage, int block) {
    return fmt::format("layers.{}.blocks.{}", stage, block);
  }

  bool has(const std::string& name) const { return constants_.count(name) == 1; }

  const Tensor& tensor(const std::string& name) const {
    const auto found = constants_.find(name);
    if (found == constants_.end()) fail(fmt::format("expected the constant \"{}\", got none", name));
    if (found->second.dtype != DType::kF32 || found->second.shape.empty())
      fail(fmt::format("the constant \"{}\", expected an array of float32, got another type", name));
    return found->second;
  }

  /// The constant as a matrix, its last dimension the columns (a vector: one column).
  cv::Mat matrix(const std::string& name, const Shape& expected) const {
    const Tensor& found = tensor(name);
    if (found.shape != expected)
      fail(fmt::format("the constant \"{}\", expected {} numbers, got {}", name, fmt::join(expected, " x "),
                       fmt::join(found.shape, " x ")));
    const int columns = expected.size() == 1 ? 1 : static_cast<int>(expected.back());
    return {static_cast<int>(found.elements()) / columns, columns, CV_32F, found.bytes.data};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(where_, what,
                "turn the fused layers off (ClassifierOptions::fusedLayers), or export the model anew");
  }

  int64_t wholeRoot(int64_t square, const std::string& name) const {
    const auto root = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(square))));
    if (root < 1 || root * root != square)
      fail(fmt::format("the constant \"{}\", expected a square number of tokens, got {}", name, square));
    return root;
  }

  /// patch size, width and grid of the first stage
  void readEmbedding() {
    const Shape& weight = tensor("patch_embed.proj.weight").shape;
    if (weight.size() != 4 || weight[1] != 3 || weight[2] != weight[3])
      fail(fmt::format("the constant \"patch_embed.proj.weight\", expected C x 3 x p x p numbers, got {}",
                       fmt::join(weight, " x ")));
    patch_ = weight[2];
    width_ = weight[0];
    grid_ = wholeRoot(tensor("positions").shape.front(), "positions");
  }

  /// heads and window of a stage, which its first block tells
  void readStage(int stage) {
    const std::string name = blockName(stage, 0) + ".attn.bias";
    const Shape& bias = tensor(name).shape;
    heads_ = bias.size() == 3 ? bias[0] : 1;
    window_ = wholeRoot(bias.back(), name);
    if (heads_ < 1 || width_ % heads_ != 0 || grid_ % window_ != 0)
      fail(fmt::format(
          "the constant \"{}\", expected heads that divide {} and windows that divide {} x {}, got {}", name,
          width_, grid_, grid_, fmt::join(bias, " x ")));
    order_ = windowOrder(static_cast<int>(grid_), static_cast<int>(window_));
  }

  void addEmbedding() {
    readEmbedding();
    readStage(0);
    LayerParams params;
    const int64_t tokens = grid_ * grid_;
    params.set("patch", static_cast<int>(patch_));
    cv::Mat weight = matrix("patch_embed.proj.weight", {width_, 3, patch_, patch_});
    params.blobs = {weight.reshape(1, static_cast<int>(width_)), matrix("patch_embed.proj.bias", {width_}),
                    reordered(matrix("patch_embed.gains", {tokens, width_}), order_),
                    reordered(matrix("positions", {tokens, width_}), order_), asColumn(order_)};
    add("patch_embed", fused::kPatchEmbedding, params);
  }

  void addBlock(const std::string& block) {
    LayerParams attention, mlp;
    addWeightsOfAttention(block + ".attn", attention);
    add(block + ".attn", fused::kAttention, attention);
    const Shape& hidden = tensor(block + ".mlp.fc1.weight").shape;
    addLinear(block + ".mlp.fc1", hidden.front(), width_, mlp);
    addLinear(block + ".mlp.fc2", width_, hidden.front(), mlp);
    add(block + ".mlp", fused::kMlp, mlp);
  }

  void addWeightsOfAttention(const std::string& at, LayerParams& params) const {
    const int heads = static_cast<int>(heads_), dim = static_cast<int>(width_ / heads_);
    const int padded = (dim + kHeadMultiple - 1) / kHeadMultiple * kHeadMultiple;
    cv::Mat weights, biases, projection;
    for (const char* part : {".q", ".k", ".v"}) {
      weights.push_back(paddedHeads(matrix(at + part + ".weight", {width_, width_}), heads, padded));
      biases.push_back(paddedHeads(matrix(at + part + ".bias", {width_}), heads, padded));
    }
    projection = paddedHeads(matrix(at + ".proj.weight", {width_, width_}).t(), heads, padded).t();
    params.blobs = {weights, biases, projection, matrix(at + ".proj.bias", {width_}),
                    biasTables(at + ".bias")};
  }

  /// The tables of AttentionKernels::relativeBias, heads x (2 w - 1) x (2 w - 1), that the bias was made
  /// from.
  cv::Mat biasTables(const std::string& name) const {
    const int64_t tokens = window_ * window_;
    const int heads = static_cast<int>(heads_), w = static_cast<int>(window_), last = w - 1;
    cv::Mat bias = matrix(name, heads == 1 ? Shape{tokens, tokens} : Shape{heads_, tokens, tokens});
    const int sides[] = {heads, 2 * w - 1, 2 * w - 1};
    cv::Mat tables(3, sides, CV_32F);
    for (int head = 0; head < heads; ++head) {
      const cv::Mat scores = bias.rowRange(head * w * w, (head + 1) * w * w);
      for (int y = -last; y <= last; ++y)
        for (int x = -last; x <= last; ++x) {  // from a corner of the window, so that the key is in it
          const int query = (y < 0 ? last * w : 0) + (x < 0 ? last : 0);
          tables.at<float>(head, y + last, x + last) = scores.at<float>(query, query + y * w + x);
        }
      for (int query = 0; query < w * w; ++query)
        for (int row = 0; row < w; ++row) {
          const float* there = scores.ptr<float>(query, row * w);
          if (!std::equal(there, there + w,
                          tables.ptr<float>(head, row - query / w + last, last - query % w)))
            fail(fmt::format(
                "the constant \"{}\", expected one number for each step between tokens, got several", name));
        }
    }
    return tables;
  }

  void addMerging(int stage) {
    const int64_t grid = grid_, width = width_;
    if (grid % 2 != 0) fail(fmt::format("expected an even number of tokens per side to merge, got {}", grid));
    const std::vector<int> before = order_;
    grid_ = grid / 2;
    width_ = 2 * width;
    readStage(stage + 1);
    LayerParams params;
    addLinear(fmt::format("layers.{}.downsample.reduction", stage), width_, 4 * width, params);
    params.blobs.push_back(asColumn(mergedTokens(before, static_cast<int>(grid))));
    add(fmt::format("layers.{}.downsample", stage), fused::kMerging, params);
  }

  /// For each new token its four old ones, (0,0), (0,1), (1,0), (1,1) as (row, column).
  std::vector<int> mergedTokens(const std::vector<int>& before, int grid) const {
    std::vector<int> place(before.size()), members;
    for (size_t i = 0; i < before.size(); ++i) place[static_cast<size_t>(before[i])] = static_cast<int>(i);
    for (const int token : order_) {
      const int corner = token / (grid / 2) * 2 * grid + token % (grid / 2) * 2;
      for (const int member : {corner, corner + 1, corner + grid, corner + grid + 1})
        members.push_back(place[static_cast<size_t>(member)]);
    }
    return members;
  }

  void addClassifier() {
    LayerParams params;
    addLinear("logits", tensor("logits.weight").shape.front(), width_, params);
    add("logits", fused::kClassifier, params);
  }

  void addLinear(const std::string& name, int64_t outputs, int64_t inputs, LayerParams& params) const {
    params.blobs.push_back(matrix(name + ".weight", {outputs, inputs}));
    params.blobs.push_back(matrix(name + ".bias", {outputs}));
  }

  /// Makes the layer at once: afterwards the weights given to it are its own.
  void add(const std::string& name, const std::string& type, LayerParams& params) {
    params.set(fused::kInt8, int8_);
    net_.getLayer(net_.addLayerToPrev(name, type, params));
  }

  const TensorMap& constants_;
  const std::string& where_;
  const bool int8_;
  cv::dnn::Net net_;
  int64_t patch_ = 0, width_ = 0, grid_ = 0, heads_ = 0, window_ = 0;
  std::vector<int> order_;  // of the tokens of the present stage
};

}  // namespace

cv::dnn::Net fusedNetwork(const TensorMap& constants, const std::string& where, bool int8) {
  registerFusedLayers();
  return Network(constants, where, int8).build();
}

}  // namespace cv::mixmim
