// Twins: positions by convolution. SVT's blocks see in turn their window and the picture, PCPVT's the
// picture.
#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr StageNames kNames{[](int s) { return fmt::format("patch_embeds.{}", s); },
                            [](int s, int n) { return fmt::format("blocks.{}.{}", s, n); }};

/// Every second block, beginning with the first, sees a window, as wide as Swin's.
void seeWindows(const Plan& plan, Stage& stage) {
  const cv::Size window(publishedWindow(plan.cells.width), publishedWindow(plan.cells.height));
  for (size_t n = 0; n < stage.blocks.size(); n += 2) {
    stage.blocks[n].meeting = Meeting::kWindow;
    stage.blocks[n].window = window;
  }
}

}  // namespace

Plan twinsPlan(const ModelConfig& model, cv::Size image) {
  const bool svt = model.encoder == Family::kTwinsSvt;
  refuseWindow(model, svt ? "twins_svt" : "twins_pcpvt");
  Plan plan = reducedStages(model, image, kNames);
  plan.convolutions = ConvolutionStart::kFanOut;
  plan.registration = svt ? Registration::kBlocksBehindHead : Registration::kBlocksBeforeHead;
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    Stage& stage = plan.stages[s];
    stage.narrowing = Narrowing::kPatches;
    stage.position = Position::kConvolved;
    stage.positions = fmt::format("pos_block.{}.proj.0", s);
    if (svt) seeWindows(plan, stage);
  }
  return plan;
}

}  // namespace cv::mixmim
