#include <fmt/format.h>

#include "encoders/encoders.hpp"
#include "opencv2/mixmim/train/cells.hpp"

namespace cv::mixmim {

namespace {

constexpr double kEps = 1e-5;  // of every LayerNorm of these families

void checkWidths(const ModelConfig& model) {
  if (model.embedDim % model.headDim != 0)
    rejectModel("headDim",
                fmt::format("expected a divisor of embedDim {}, got {}", model.embedDim, model.headDim),
                "every stage has dim / headDim heads");
}

/// Stage s without its blocks: its sizes, and how its tokens are made.
Stage stageOf(const ModelConfig& model, cv::Size image, int s) {
  Stage stage{};
  stage.narrowing = s == 0 ? Narrowing::kPatches : Narrowing::kMerged;
  stage.embedding = s == 0 ? "patch_embed" : fmt::format("layers.{}.downsample", s - 1);
  stage.side = s == 0 ? model.patchSize : 2;
  stage.dim = model.embedDim << s;
  stage.heads = stage.dim / model.headDim;
  stage.hidden = stage.dim * model.mlpRatio;
  stage.grid = image / (model.patchSize << s);
  stage.embeddingEps = stage.eps = kEps;
  return stage;
}

}  // namespace

Plan windowStages(const ModelConfig& model, cv::Size image) {
  checkWidths(model);
  Plan plan{};
  plan.image = image;
  plan.stride = strideOf(model);
  plan.cells = cellsOf(model, image);
  for (int s = 0; s < static_cast<int>(model.depths.size()); ++s) {
    Stage stage = stageOf(model, image, s);
    for (int n = 0; n < model.depths[static_cast<size_t>(s)]; ++n, ++plan.blocks) {
      Block block{};
      block.name = fmt::format("layers.{}.blocks.{}", s, n);
      block.index = plan.blocks;
      block.layer = plan.blocks + 1;
      stage.blocks.push_back(block);
    }
    plan.stages.push_back(std::move(stage));
  }
  return plan;
}

}  // namespace cv::mixmim
