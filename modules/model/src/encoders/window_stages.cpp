#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr StageNames kNames{
    [](int s) { return s == 0 ? std::string("patch_embed") : fmt::format("layers.{}.downsample", s - 1); },
    [](int s, int n) { return fmt::format("layers.{}.blocks.{}", s, n); }};

}  // namespace

Plan windowStages(const ModelConfig& model, cv::Size image) {
  Plan plan = stagesOf(model, image, kNames);
  plan.convolutions = ConvolutionStart::kFanIn;
  for (Stage& stage : plan.stages) {
    stage.narrowing = &stage == &plan.stages.front() ? Narrowing::kPatches : Narrowing::kMerged;
    for (Block& block : stage.blocks) {
      block.meeting = Meeting::kWindow;
      block.biased = true;
    }
  }
  return plan;
}

}  // namespace cv::mixmim
