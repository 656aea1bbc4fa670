// PVT: keys are mask cells, positions are learned, a class token joins the last stage.
#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr StageNames kNames{[](int s) { return fmt::format("patch_embed{}", s + 1); },
                            [](int s, int n) { return fmt::format("block{}.{}", s + 1, n); }};

}  // namespace

Plan pvtPlan(const ModelConfig& model, cv::Size image) {
  refuseWindow(model, "pvt");
  Plan plan = stagesOf(model, image, kNames);
  plan.start = StartRule::kNormal;
  plan.convolutions = ConvolutionStart::kFanIn;
  plan.registration = Registration::kByStage;
  countLayersAsSimMim(plan);
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    Stage& stage = plan.stages[s];
    stage.narrowing = Narrowing::kPatches;
    stage.position = Position::kLearned;
    stage.positions = fmt::format("pos_embed{}", s + 1);
    stage.classToken = s + 1 == plan.stages.size();
    reduceKeys(plan, stage);
  }
  return plan;
}

}  // namespace cv::mixmim
