// Swin Transformer: every second block's windows are shifted by half a window.
#include <algorithm>

#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr int kWindow = 7;  // at 224 px; the other choice is twice that

int optionOf(const ModelConfig& model) {
  if (model.window == 0) return kWindow;
  if (model.window != kWindow && model.window != 2 * kWindow)
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

int publishedWindow(int cells) {
  int window = cells;
  for (int divisor = cells - 1; divisor >= kWindow; --divisor)
    if (cells % divisor == 0) window = divisor;
  return window;
}

Plan swinPlan(const ModelConfig& model, cv::Size image) {
  const int scale = optionOf(model) / kWindow;
  Plan plan = windowStages(model, image);
  plan.start = StartRule::kNormal;
  plan.tablesDecay = false;
  countLayersAsSimMim(plan);
  const cv::Size window =
      cv::Size(publishedWindow(plan.cells.width), publishedWindow(plan.cells.height)) * scale;
  for (Stage& stage : plan.stages) {
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
