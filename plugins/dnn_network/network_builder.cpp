#include "network_builder.hpp"

#include <fmt/format.h>

#include "layers/fused_layers.hpp"
#include "model_io/onnx/constants.hpp"

namespace cv::mixmim {

using namespace onnx_names;

cv::dnn::Net NetworkBuilder::build() {
  checkSizes();
  const std::vector<StageTokens> tokens = tokenOrder(plan_, /*mask=*/{});
  for (size_t s = 0; s < plan_.stages.size(); ++s) addStage(s, tokens);
  addPool();
  if (constants_.has(std::string(kLogits) + kWeight)) addClassifier();
  return net_;
}

/// Checks the sizes before memory is taken for as many tokens and blocks as the plan has.
void NetworkBuilder::checkSizes() const {
  checkTokens();
  const Stage& first = plan_.stages.front();
  constants_.matrix(kPositions, {first.rows(), first.dim});
  const int blocks = constants_.countOf(std::string(kOutput) + kWeight);
  if (blocks != plan_.blocks)
    constants_.fail(fmt::format("expected the constants of {} blocks, got {}", plan_.blocks, blocks));
}

void NetworkBuilder::checkTokens() const {
  constexpr int64_t kMostTokens = int64_t{1} << 26;  // 64 blocks of a picture of 4096 px in patches of 4 px
  int64_t tokens = 0;
  for (const Stage& stage : plan_.stages)
    tokens += int64_t{stage.tokens()} * static_cast<int64_t>(stage.blocks.size());
  if (tokens > kMostTokens)
    constants_.fail(
        fmt::format("expected at most {} tokens in all blocks together, got {}", kMostTokens, tokens));
}

void NetworkBuilder::addStage(size_t s, const std::vector<StageTokens>& tokens) {
  const Stage& stage = plan_.stages[s];
  const bool last = s + 1 == plan_.stages.size();
  if (s == 0)
    addPatchEmbedding(stage, tokens[s]);
  else if (stage.narrowing == Narrowing::kMerged)
    addMerging(stage, plan_.stages[s - 1].dim, tokens[s - 1].merge);
  else
    addTokenEmbedding(stage, plan_.stages[s - 1].dim, tokens[s]);
  const Shared shared = sharedBy(tokens[s]);
  for (const Block& block : stage.blocks) {
    addBlock(block, stage, tokens[s], shared);
    if (stage.position == Position::kConvolved && &block == &stage.blocks.front())
      addPositions(stage, shared.neighbours);
  }
  if (!last && !stage.norm.empty()) addNorm(stage);
}

void NetworkBuilder::addPool() {
  LayerParams params;
  params.set(fused::kEpsilon, plan_.stages.back().eps);
  params.set(fused::kClassToken, plan_.stages.back().classToken);
  add(fused::kFeatures, fused::kPool, params);
}

void NetworkBuilder::addClassifier() {
  LayerParams params;
  const int64_t classes = constants_.tensor(std::string(kLogits) + kWeight).shape.front();
  addLinear(kLogits, classes, plan_.featureDim(), params);
  add(kLogits, fused::kClassifier, params);
}

void NetworkBuilder::addLinear(const std::string& name, int64_t outputs, int64_t inputs,
                               LayerParams& params) const {
  params.blobs.push_back(constants_.matrix(name + kWeight, {outputs, inputs}));
  params.blobs.push_back(constants_.matrix(name + kBias, {outputs}));
}

/// Makes the layer at once: afterwards the weights given to it are its own.
void NetworkBuilder::add(const std::string& name, const std::string& type, LayerParams& params) {
  params.set(fused::kInt8, int8_);
  net_.getLayer(net_.addLayerToPrev(name, type, params));
}

}  // namespace cv::mixmim
