#include "fused_network.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "bias_tables.hpp"
#include "constants.hpp"
#include "kernels/attention.hpp"
#include "layers/fused_layers.hpp"
#include "model/plan.hpp"
#include "model/token_order.hpp"
#include "model_io/onnx/constants.hpp"
#include "model_io/onnx/model_of_constants.hpp"
#include "pieces.hpp"

namespace cv::mixmim {

namespace {

using cv::dnn::LayerParams;
using namespace onnx_names;

/// A list of whole numbers, as a layer takes it.
template <class Number>
cv::Mat asColumn(const std::vector<Number>& numbers) {
  cv::Mat column(static_cast<int>(numbers.size()), 1, CV_32S);
  std::transform(numbers.begin(), numbers.end(), column.ptr<int>(),
                 [](Number number) { return static_cast<int>(number); });
  return column;
}

/// rows of `from` in another order
cv::Mat reordered(const cv::Mat& from, const std::vector<int64_t>& order) {
  cv::Mat to(from.size(), from.type());
  for (size_t i = 0; i < order.size(); ++i)
    from.row(static_cast<int>(order[i])).copyTo(to.row(static_cast<int>(i)));
  return to;
}

/// The members of every merged token row by row, as the exporter's weights expect them.
std::vector<int64_t> rowByRow(const std::vector<int64_t>& merge, int side) {
  const std::vector<cv::Point> published = mergingOrder(side);
  std::vector<int64_t> members(merge.size());
  for (size_t i = 0; i < merge.size(); ++i) {
    const size_t k = i % published.size();
    members[i - k + static_cast<size_t>(published[k].y * side + published[k].x)] = merge[i];
  }
  return members;
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

class NetworkBuilder {
 public:
  NetworkBuilder(const Constants& constants, const Plan& plan, bool int8)
      : constants_(constants), plan_(plan), int8_(int8) {}

  cv::dnn::Net build() {
    checkSizes();
    const std::vector<StageTokens> tokens = tokenOrder(plan_, /*mask=*/{});
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
      const Stage& stage = plan_.stages[s];
      if (stage.narrowing == Narrowing::kPatches)
        addEmbedding(stage, tokens[s].order);
      else
        addMerging(stage, plan_.stages[s - 1].dim, tokens[s - 1].merge);
      addBlocks(stage, tokens[s]);
    }
    LayerParams pool;
    pool.set(fused::kEpsilon, plan_.stages.back().eps);
    add(fused::kFeatures, fused::kPool, pool);
    if (constants_.has(std::string(kLogits) + kWeight)) addClassifier();
    return net_;
  }

 private:
  /// Checks the sizes before memory is taken for as many tokens and blocks as the plan has.
  void checkSizes() const {
    checkTokens();
    const Stage& first = plan_.stages.front();
    constants_.matrix(kPositions, {first.tokens(), first.dim});
    const int blocks = constants_.countOf(kScoreBias);
    if (blocks != plan_.blocks)
      constants_.fail(fmt::format("expected the constants of {} blocks, got {}", plan_.blocks, blocks));
  }

  void checkTokens() const {
    constexpr int64_t kMostTokens = int64_t{1} << 26;  // 64 blocks of a picture of 4096 px in patches of 4 px
    int64_t tokens = 0;
    for (const Stage& stage : plan_.stages)
      tokens += int64_t{stage.tokens()} * static_cast<int64_t>(stage.blocks.size());
    if (tokens > kMostTokens)
      constants_.fail(
          fmt::format("expected at most {} tokens in all blocks together, got {}", kMostTokens, tokens));
  }

  void addEmbedding(const Stage& stage, const std::vector<int64_t>& order) {
    const std::string& at = stage.embedding;
    LayerParams params;
    params.set("patch", stage.side);
    params.set(fused::kEpsilon, stage.embeddingEps);
    cv::Mat weight = constants_.matrix(at + kPatches + kWeight, {stage.dim, 3, stage.side, stage.side});
    params.blobs = {weight.reshape(1, stage.dim), constants_.matrix(at + kPatches + kBias, {stage.dim}),
                    reordered(constants_.matrix(at + kGains, {stage.tokens(), stage.dim}), order),
                    reordered(constants_.matrix(kPositions, {stage.tokens(), stage.dim}), order),
                    asColumn(order)};
    add(at, fused::kPatchEmbedding, params);
  }

  void addMerging(const Stage& stage, int dimBefore, const std::vector<int64_t>& merge) {
    LayerParams params;
    addLinear(stage.embedding + kMerging, stage.dim, stage.side * stage.side * dimBefore, params);
    params.blobs.push_back(asColumn(rowByRow(merge, stage.side)));
    params.set(fused::kEpsilon, stage.embeddingEps);
    add(stage.embedding, fused::kMerging, params);
  }

  /// All blocks that have a sight share its pieces, because a file may have many blocks of many tokens.
  void addBlocks(const Stage& stage, const StageTokens& tokens) {
    std::map<const Sight*, Pieces> pieces;
    for (const Sight& sight : tokens.sights) pieces.emplace(&sight, piecesOf(sight));
    for (const Block& block : stage.blocks) addBlock(block, stage, pieces.at(&tokens.sightOf(block)));
  }

  void addBlock(const Block& block, const Stage& stage, const Pieces& pieces) {
    LayerParams attention, mlp;
    addWeightsOfAttention(block, stage, attention);
    attention.blobs.push_back(pieces.rectangles);
    attention.blobs.push_back(pieces.listed);
    attention.set(fused::kEpsilon, stage.eps);
    add(block.name + ".attn", fused::kAttention, attention);
    addLinear(block.name + kHidden, stage.hidden, stage.dim, mlp);
    addLinear(block.name + kOutput, stage.dim, stage.hidden, mlp);
    mlp.set(fused::kEpsilon, stage.eps);
    add(block.name + ".mlp", fused::kMlp, mlp);
  }

  void addWeightsOfAttention(const Block& block, const Stage& stage, LayerParams& params) const {
    const std::string& at = block.name;
    const int64_t width = stage.dim;
    const int heads = stage.heads, dim = stage.dim / heads;
    const int padded = (dim + kHeadMultiple - 1) / kHeadMultiple * kHeadMultiple;
    cv::Mat weights, biases, projection;
    for (const char* part : {kQuery, kKey, kValue}) {
      weights.push_back(paddedHeads(constants_.matrix(at + part + kWeight, {width, width}), heads, padded));
      biases.push_back(paddedHeads(constants_.matrix(at + part + kBias, {width}), heads, padded));
    }
    projection =
        paddedHeads(constants_.matrix(at + kProjection + kWeight, {width, width}).t(), heads, padded).t();
    params.blobs = {weights, biases, projection, constants_.matrix(at + kProjection + kBias, {width}),
                    biasTables(constants_, at + kScoreBias, stage, block)};
  }

  void addClassifier() {
    LayerParams params;
    const int64_t classes = constants_.tensor(std::string(kLogits) + kWeight).shape.front();
    addLinear(kLogits, classes, plan_.featureDim(), params);
    add(kLogits, fused::kClassifier, params);
  }

  void addLinear(const std::string& name, int64_t outputs, int64_t inputs, LayerParams& params) const {
    params.blobs.push_back(constants_.matrix(name + kWeight, {outputs, inputs}));
    params.blobs.push_back(constants_.matrix(name + kBias, {outputs}));
  }

  /// Makes the layer at once: afterwards the weights given to it are its own.
  void add(const std::string& name, const std::string& type, LayerParams& params) {
    params.set(fused::kInt8, int8_);
    net_.getLayer(net_.addLayerToPrev(name, type, params));
  }

  const Constants& constants_;
  const Plan& plan_;
  const bool int8_;
  cv::dnn::Net net_;
};

}  // namespace

ModelConfig modelOf(const DeployedModel& about, const TensorMap& constants, const std::string& where) {
  return about.model ? *about.model : modelOfConstants(constants, about.inputSize, where);
}

cv::dnn::Net fusedNetwork(const TensorMap& constants, const ModelConfig& model, const std::string& where,
                          bool int8) {
  registerFusedLayers();
  return NetworkBuilder(Constants(constants, where), planOf(model), int8).build();
}

}  // namespace cv::mixmim
