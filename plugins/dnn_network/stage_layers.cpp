// Layers that begin and end a stage, and those between its blocks.
#include <fmt/format.h>

#include "arrangement.hpp"
#include "layers/fused_layers.hpp"
#include "model_io/onnx/constants.hpp"
#include "network_builder.hpp"

namespace cv::mixmim {

using namespace onnx_names;

void NetworkBuilder::addPatchEmbedding(const Stage& stage, const StageTokens& tokens) {
  const int side = stage.narrowing == Narrowing::kOverlapping ? 2 * stage.side - 1 : stage.side;
  LayerParams params;
  params.set("patch", stage.side);
  params.set("side", side);
  params.set(fused::kEpsilon, stage.embeddingEps);
  params.blobs = {patchWeights(stage, side),
                  constants_.matrix(stage.embedding + kPatches + kBias, {stage.dim})};
  addAffine(stage.embedding + kGains, kPositions, stage, tokens, params);
  params.blobs.push_back(asColumn(tokens.order));
  add(stage.embedding, fused::kPatchEmbedding, params);
}

cv::Mat NetworkBuilder::patchWeights(const Stage& stage, int side) const {
  const std::string& at = stage.embedding;
  const cv::Mat weight =
      constants_.matrix(at + kPatches + kWeight, {stage.dim, 3, side, side}).reshape(1, stage.dim);
  if (stage.narrowing != Narrowing::kOverlapping) return weight;
  const cv::Mat pixels = constants_.matrix(at + kPixels + kWeight, {3, 3, 1, 1});
  return withNormalisation(weight, pixels.reshape(1, 3), constants_.matrix(at + kPixels + kBias, {3}));
}

void NetworkBuilder::addTokenEmbedding(const Stage& stage, int dimBefore, const StageTokens& tokens) {
  const std::string patches = stage.embedding + kPatches;
  LayerParams params;
  if (stage.narrowing == Narrowing::kOverlapping) {
    const int side = 2 * stage.side - 1;
    const cv::Mat weight = constants_.matrix(patches + kWeight, {stage.dim, dimBefore, side, side});
    params.blobs = {channelsLast(weight.reshape(1, stage.dim), dimBefore),
                    constants_.matrix(patches + kBias, {stage.dim})};
  } else {
    addLinear(patches, stage.dim, int64_t{stage.side} * stage.side * dimBefore, params);
  }
  addAffine(stage.embedding + kGains, stage.embedding + kShifts, stage, tokens, params);
  params.blobs.push_back(asColumn(tokens.sources));
  params.set(fused::kEpsilon, stage.embeddingEps);
  add(stage.embedding, fused::kTokenEmbedding, params);
}

/// Gain and shift of every token, a class token too.
void NetworkBuilder::addAffine(const std::string& gains, const std::string& shifts, const Stage& stage,
                               const StageTokens& tokens, LayerParams& params) const {
  params.set(fused::kClassToken, stage.classToken);
  const std::vector<int64_t> order = tokens.rows();
  for (const std::string& name : {gains, shifts})
    params.blobs.push_back(reordered(constants_.matrix(name, {stage.rows(), stage.dim}), order));
}

void NetworkBuilder::addMerging(const Stage& stage, int dimBefore, const std::vector<int64_t>& merge) {
  LayerParams params;
  addLinear(stage.embedding + kMerging, stage.dim, int64_t{stage.side} * stage.side * dimBefore, params);
  params.blobs.push_back(asColumn(rowByRow(merge, stage.side)));
  params.set(fused::kEpsilon, stage.embeddingEps);
  add(stage.embedding, fused::kMerging, params);
}

void NetworkBuilder::addPositions(const Stage& stage, const cv::Mat& neighbours) {
  LayerParams params;
  addConvolution(stage.positions, stage.dim, stage, neighbours, params);
  add(stage.positions, fused::kPositions, params);
}

/// The blobs of a TokenConvolution, as wide as the kernels want them.
void NetworkBuilder::addConvolution(const std::string& name, int channels, const Stage& stage,
                                    const cv::Mat& neighbours, LayerParams& params) const {
  const cv::Size side = depthwiseSide(stage.grid);
  const cv::Mat kernels = constants_.matrix(name + kWeight, {channels, 1, side.height, side.width});
  const int width = kernelWidth(channels);
  params.blobs.push_back(tapsOf(kernels.reshape(1, channels), side, width));
  params.blobs.push_back(paddedRows(constants_.matrix(name + kBias, {channels}), width));
  params.blobs.push_back(neighbours);
}

void NetworkBuilder::addNorm(const Stage& stage) {
  LayerParams params;
  params.blobs = {sameForAll(stage.norm + kGains, stage), sameForAll(stage.norm + kShifts, stage)};
  params.set(fused::kEpsilon, stage.eps);
  add(stage.norm, fused::kNorm, params);
}

/// Numbers that the file repeats for every token.
cv::Mat NetworkBuilder::sameForAll(const std::string& name, const Stage& stage) const {
  const cv::Mat all = constants_.matrix(name, {stage.rows(), stage.dim});
  if (cv::norm(all, cv::repeat(all.row(0), all.rows, 1), cv::NORM_INF) != 0)
    constants_.fail(
        fmt::format("the constant \"{}\", expected the same numbers for every token, got others", name));
  return all.row(0);
}

}  // namespace cv::mixmim
