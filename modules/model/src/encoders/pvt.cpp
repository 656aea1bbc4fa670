// PVT: keys are mask cells, positions are learned, a class token joins the last stage. PVTv2: patches overlap
// and every MLP has a convolution, which tell positions too.
#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr StageNames kNames{[](int s) { return fmt::format("patch_embed{}", s + 1); },
                            [](int s, int n) { return fmt::format("block{}.{}", s + 1, n); }};

}  // namespace

Plan pvtPlan(const ModelConfig& model, cv::Size image) {
  refuseWindow(model, "pvt");
  Plan plan = reducedStages(model, image, kNames);
  plan.convolutions = ConvolutionStart::kFanIn;
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    Stage& stage = plan.stages[s];
    stage.narrowing = Narrowing::kPatches;
    stage.position = Position::kLearned;
    stage.positions = fmt::format("pos_embed{}", s + 1);
    stage.classToken = s + 1 == plan.stages.size();
  }
  return plan;
}

Plan pvtV2Plan(const ModelConfig& model, cv::Size image) {
  refuseWindow(model, "pvt_v2");
  Plan plan = reducedStages(model, image, kNames);
  plan.convolutions = ConvolutionStart::kFanOut;
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    Stage& stage = plan.stages[s];
    stage.narrowing = Narrowing::kOverlapping;
    stage.convolvedMlp = true;
    stage.norm = fmt::format("norm{}", s + 1);
    stage.normLayer = stage.embeddingLayer + static_cast<int>(stage.blocks.size());  // the last block's
  }
  return plan;
}

}  // namespace cv::mixmim
