// Layers of a block: attention, then an MLP.
#include "arrangement.hpp"
#include "bias_tables.hpp"
#include "kernels/attention.hpp"
#include "layers/fused_layers.hpp"
#include "model_io/onnx/constants.hpp"
#include "network_builder.hpp"

namespace cv::mixmim {

using namespace onnx_names;

namespace {

/// Width of a head, as the kernels want it.
int paddedHead(const Stage& stage) {
  return (stage.dim / stage.heads + kHeadMultiple - 1) / kHeadMultiple * kHeadMultiple;
}

}  // namespace

NetworkBuilder::Shared NetworkBuilder::sharedBy(const StageTokens& tokens) const {
  Shared shared;
  for (const Sight& sight : tokens.sights) shared.pieces.emplace(&sight, piecesOf(sight));
  if (!tokens.neighbours.empty())
    shared.neighbours = asColumn(tokens.neighbours).reshape(1, static_cast<int>(tokens.order.size()));
  return shared;
}

void NetworkBuilder::addBlock(const Block& block, const Stage& stage, const StageTokens& tokens,
                              const Shared& shared) {
  if (block.meeting == Meeting::kReduced && block.reduction > 1)
    addReducedAttention(block, stage, tokens);
  else
    addAttention(block, stage, shared.pieces.at(&tokens.sightOf(block)));
  addMlp(block, stage, shared.neighbours);
}

void NetworkBuilder::addAttention(const Block& block, const Stage& stage, const Pieces& pieces) {
  LayerParams params;
  cv::Mat weights, biases;
  for (const char* part : {kQuery, kKey, kValue}) addHeads(block.name + part, stage, weights, biases);
  params.blobs = {weights, biases};
  addProjection(block, stage, params);
  params.blobs.push_back(block.biased ? biasTables(constants_, block.name + kScoreBias, stage, block)
                                      : cv::Mat());
  params.blobs.push_back(pieces.rectangles);
  params.blobs.push_back(pieces.listed);
  params.set(fused::kHeads, stage.heads);
  params.set(fused::kEpsilon, stage.eps);
  add(block.name + ".attn", fused::kAttention, params);
}

void NetworkBuilder::addReducedAttention(const Block& block, const Stage& stage, const StageTokens& tokens) {
  const std::string reduction = block.name + kReduction;
  const int count = block.reduction * block.reduction;
  LayerParams params;
  cv::Mat queries, queryBiases, pairs, pairBiases;
  addHeads(block.name + kQuery, stage, queries, queryBiases);
  for (const char* part : {kKey, kValue}) addHeads(block.name + part, stage, pairs, pairBiases);
  params.blobs = {queries, queryBiases};
  addLinear(reduction, stage.dim, int64_t{count} * stage.dim, params);
  params.blobs[2] = inMemoryOrder(params.blobs[2], count, tokens.order, stage.grid.width);
  params.blobs.push_back(pairs);
  params.blobs.push_back(pairBiases);
  addProjection(block, stage, params);
  params.set(fused::kHeads, stage.heads);
  params.set(fused::kEpsilon, stage.eps);
  params.set(fused::kKeyEpsilon, kReductionEps);
  add(block.name + ".attn", fused::kReducedAttention, params);
}

/// Puts one linear map of all heads below the others.
void NetworkBuilder::addHeads(const std::string& name, const Stage& stage, cv::Mat& weights,
                              cv::Mat& biases) const {
  const int64_t width = stage.dim;
  const int padded = paddedHead(stage);
  weights.push_back(paddedHeads(constants_.matrix(name + kWeight, {width, width}), stage.heads, padded));
  biases.push_back(paddedHeads(constants_.matrix(name + kBias, {width}), stage.heads, padded));
}

void NetworkBuilder::addProjection(const Block& block, const Stage& stage, LayerParams& params) const {
  const std::string name = block.name + kProjection;
  const int64_t width = stage.dim;
  const cv::Mat columns = constants_.matrix(name + kWeight, {width, width}).t();
  params.blobs.push_back(paddedHeads(columns, stage.heads, paddedHead(stage)).t());
  params.blobs.push_back(constants_.matrix(name + kBias, {width}));
}

void NetworkBuilder::addMlp(const Block& block, const Stage& stage, const cv::Mat& neighbours) {
  LayerParams params;
  addLinear(block.name + kHidden, stage.hidden, stage.dim, params);
  addLinear(block.name + kOutput, stage.dim, stage.hidden, params);
  params.set(fused::kEpsilon, stage.eps);
  if (!stage.convolvedMlp) return add(block.name + ".mlp", fused::kMlp, params);
  const int width = kernelWidth(stage.hidden);
  params.blobs = {paddedRows(params.blobs[0], width), paddedRows(params.blobs[1], width),
                  paddedColumns(params.blobs[2], width), params.blobs[3]};
  addConvolution(block.name + kHiddenConvolution, stage.hidden, stage, neighbours, params);
  add(block.name + ".mlp", fused::kConvolvedMlp, params);
}

}  // namespace cv::mixmim
