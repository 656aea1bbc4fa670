// MixMIM's own encoder: windows that do not shift, a fixed position embedding.
#include <algorithm>

#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr int kLargestFreeWindow = 14;

/// The window of a stage with `grid` tokens along an axis of `pixels`: as published at 224 and 384 px, else
/// the largest divisor of the grid up to 14.
int windowOf(int patchSize, int pixels, int grid) {
  if (pixels == 384 && patchSize == 4) {  // the published 384 models use larger windows
    if (grid == 96 || grid == 48) return 16;
    if (grid == 24) return 24;
  }
  for (int window = std::min(grid, kLargestFreeWindow); window > 1; --window)
    if (grid % window == 0) return window;
  return 1;
}

void checkOptions(const ModelConfig& model) {
  if (model.embedDim % 4 != 0)
    rejectModel("embedDim", fmt::format("expected a multiple of 4, got {}", model.embedDim),
                "the position embedding has four parts");
  refuseWindow(model, "mixmim");
}

}  // namespace

Plan mixMimPlan(const ModelConfig& model, cv::Size image) {
  checkOptions(model);
  Plan plan = windowStages(model, image);
  plan.stages.front().position = Position::kFixed;
  plan.stages.front().positions = "absolute_pos_embed";
  plan.start = StartRule::kXavier;
  plan.tablesDecay = true;
  plan.headLayer = plan.stages.back().normLayer = plan.blocks;  // the last block's, as in the official code
  int firstBlock = 0;
  for (Stage& stage : plan.stages) {
    stage.embeddingLayer = stage.narrowing == Narrowing::kPatches ? 0 : firstBlock + 1;  // the next block's
    for (Block& block : stage.blocks)
      block.window = {windowOf(model.patchSize, image.width, stage.grid.width),
                      windowOf(model.patchSize, image.height, stage.grid.height)};
    firstBlock += static_cast<int>(stage.blocks.size());
  }
  return plan;
}

}  // namespace cv::mixmim
