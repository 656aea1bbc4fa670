#include "network/narrowing.hpp"

#include "compute/pixel_kernels.hpp"
#include "network/token_weights.hpp"

namespace cv::mixmim {

namespace {

/// The order of patchRows(): channel, row, column.
at::Tensor byChannel(const at::Tensor& weight) {
  return weight.flatten(1);
}

}  // namespace

PatchMerging::PatchMerging(const Weights& weights, const Stage& stage)
    : members_(int64_t{stage.side} * stage.side),
      norm_(weights, stage.embedding + ".norm", stage.embeddingEps),
      reduction_(weights, stage.embedding + ".reduction", /*hasBias=*/false) {}

at::Tensor PatchMerging::operator()(const at::Tensor& x, const StageOrder& order) const {
  return reduction_(norm_(runsOf(permuteTokens(x, order.merge), members_)));
}

PatchEmbedding::PatchEmbedding(const Weights& weights, const Stage& stage, bool ofPixels)
    : side_(stage.side),
      overlapping_(stage.narrowing == Narrowing::kOverlapping),
      ofPixels_(ofPixels),
      proj_(weights, stage.embedding + ".proj"),
      norm_(weights, stage.embedding + ".norm", stage.embeddingEps) {}

at::Tensor PatchEmbedding::operator()(const at::Tensor& x, const StageOrder& order) const {
  return norm_(product(x, order));
}

/// A convolution is a matrix product over the members of its windows.
at::Tensor PatchEmbedding::product(const at::Tensor& x, const StageOrder& order) const {
  if (overlapping_)
    return productOver(gatherRows(ofPixels_ ? x.flatten(1, 2) : x, order.sources), proj_, rowByRow);
  if (ofPixels_) return productOver(patchRows(x, side_, order.raster.order), proj_, byChannel);
  return productOver(runsOf(x, side_ * side_), proj_, overRuns);
}

}  // namespace cv::mixmim
