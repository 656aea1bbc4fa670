// Swin Transformer: every second block's windows are shifted by half a window.
#include <algorithm>

#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr int kPublishedCells = 7;  // per axis, at 224 px

/// The side of a window at `cells` mask cells per axis, for the option 7 or 14. One rule gives every
/// published size: 7 at 224 px, 6 at 192, 8 at 256, 12 at 384, 7 at 448, and twice that for the option 14.
int windowOf(int option, int cells) {
  int base = cells;
  for (int divisor = cells - 1; divisor >= kPublishedCells; --divisor)
    if (cells % divisor == 0) base = divisor;
  return option == 2 * kPublishedCells ? 2 * base : base;
}

int optionOf(const ModelConfig& model) {
  if (model.window == 0) return kPublishedCells;
  if (model.window != kPublishedCells && model.window != 2 * kPublishedCells)
    rejectModel("window", fmt::format("expected 7 or 14 for the encoder swin, got {}", model.window),
                "the side of a window at 224 px; other sizes follow from it");
  return model.window;
}

void checkFit(const Block& block, const Stage& stage) {
  const cv::Size window = block.window, grid = stage.grid;
  if (grid.width % window.width == 0 && grid.height % window.height == 0) return;
  rejectModel("window",
              fmt::format("expected windows that divide a grid of {} x {} tokens, got {} x {}", grid.width,
                          grid.height, window.width, window.height),
              "use 7, or another image size");
}

}  // namespace

Plan swinPlan(const ModelConfig& model, cv::Size image) {
  const int option = optionOf(model);
  Plan plan = windowStages(model, image);
  plan.position = Position::kNone;
  plan.start = StartRule::kNormal;
  plan.tablesDecay = false;
  plan.headLayer = plan.blocks + 1;
  const cv::Size window(windowOf(option, plan.cells.width), windowOf(option, plan.cells.height));
  int blocksBefore = 0;
  for (Stage& stage : plan.stages) {
    stage.embeddingLayer = blocksBefore;  // the last block's of the stage before
    blocksBefore += static_cast<int>(stage.blocks.size());
    for (size_t n = 0; n < stage.blocks.size(); ++n) {
      Block& block = stage.blocks[n];
      block.window = {std::min(window.width, stage.grid.width), std::min(window.height, stage.grid.height)};
      checkFit(block, stage);
      if (n % 2 == 0) continue;
      if (block.window.width < stage.grid.width) block.shift.width = block.window.width / 2;
      if (block.window.height < stage.grid.height) block.shift.height = block.window.height / 2;
    }
  }
  return plan;
}

}  // namespace cv::mixmim
