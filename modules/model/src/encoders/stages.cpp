#include <fmt/format.h>

#include "encoders/encoders.hpp"
#include "opencv2/mixmim/train/cells.hpp"

namespace cv::mixmim {

namespace {

constexpr double kEps = 1e-5;

int stages(const ModelConfig& model) {
  return static_cast<int>(model.depths.size());
}

void checkCount(const char* key, const std::vector<int>& values, const ModelConfig& model) {
  if (values.empty() || values.size() == model.depths.size()) return;
  rejectModel(
      key, fmt::format("expected a number for each of {} stages, got {}", model.depths.size(), values.size()),
      "as many as model.depths, or none");
}

int widthOf(const ModelConfig& model, int s) {
  return model.dims.empty() ? model.embedDim << s : model.dims[static_cast<size_t>(s)];
}

int ratioOf(const ModelConfig& model, int s) {
  return model.mlpRatios.empty() ? model.mlpRatio : model.mlpRatios[static_cast<size_t>(s)];
}

void checkWidths(const ModelConfig& model) {
  checkCount("dims", model.dims, model);
  checkCount("mlpRatios", model.mlpRatios, model);
  for (int s = 0; s < stages(model); ++s)
    if (const int width = widthOf(model, s); width % model.headDim != 0)
      rejectModel(
          "headDim",
          model.dims.empty()
              ? fmt::format("expected a divisor of embedDim {}, got {}", model.embedDim, model.headDim)
              : fmt::format("expected a divisor of the width {}, got {}", width, model.headDim),
          "every stage has dim / headDim heads");
}

/// Stage s without its blocks.
Stage stageOf(const ModelConfig& model, cv::Size image, int s, const StageNames& names) {
  Stage stage{};
  stage.embedding = names.embedding(s);
  stage.side = s == 0 ? model.patchSize : 2;
  stage.dim = widthOf(model, s);
  stage.heads = stage.dim / model.headDim;
  stage.hidden = stage.dim * ratioOf(model, s);
  stage.grid = image / (model.patchSize << s);
  stage.embeddingEps = stage.eps = kEps;
  if (s + 1 == stages(model)) stage.norm = "norm";
  return stage;
}

}  // namespace

Plan stagesOf(const ModelConfig& model, cv::Size image, const StageNames& names) {
  checkWidths(model);
  Plan plan{};
  plan.image = image;
  plan.stride = strideOf(model);
  plan.cells = cellsOf(model, image);
  for (int s = 0; s < stages(model); ++s) {
    Stage stage = stageOf(model, image, s, names);
    for (int n = 0; n < model.depths[static_cast<size_t>(s)]; ++n, ++plan.blocks) {
      Block block{};
      block.name = names.block(s, n);
      block.index = plan.blocks;
      block.layer = plan.blocks + 1;
      stage.blocks.push_back(block);
    }
    plan.stages.push_back(std::move(stage));
  }
  return plan;
}

void countLayersAsSimMim(Plan& plan) {
  plan.headLayer = plan.blocks + 1;
  int blocksBefore = 0;
  for (Stage& stage : plan.stages) {
    stage.embeddingLayer = blocksBefore;  // the last block's of the stage before
    blocksBefore += static_cast<int>(stage.blocks.size());
  }
  plan.stages.back().normLayer = plan.headLayer;
}

Plan reducedStages(const ModelConfig& model, cv::Size image, const StageNames& names) {
  constexpr double kPvtEps = 1e-6;
  Plan plan = stagesOf(model, image, names);
  plan.start = StartRule::kNormal;
  countLayersAsSimMim(plan);
  for (Stage& stage : plan.stages) {
    stage.eps = kPvtEps;
    for (Block& block : stage.blocks) {
      block.meeting = Meeting::kReduced;
      block.reduction = stage.grid.width / plan.cells.width;
    }
  }
  return plan;
}

void refuseWindow(const ModelConfig& model, const char* name) {
  if (model.window != 0)
    rejectModel("window", fmt::format("expected 0 for the encoder {}, got {}", name, model.window),
                "its windows follow from the image size");
}

}  // namespace cv::mixmim
