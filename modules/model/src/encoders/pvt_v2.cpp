// PVTv2: PVT with patches that overlap and a convolution in every MLP, which tell positions too.
#include <fmt/format.h>

#include "encoders/encoders.hpp"

namespace cv::mixmim {

namespace {

constexpr StageNames kNames{[](int s) { return fmt::format("patch_embed{}", s + 1); },
                            [](int s, int n) { return fmt::format("block{}.{}", s + 1, n); }};

}  // namespace

Plan pvtV2Plan(const ModelConfig& model, cv::Size image) {
  refuseWindow(model, "pvt_v2");
  Plan plan = stagesOf(model, image, kNames);
  plan.start = StartRule::kNormal;
  plan.convolutions = ConvolutionStart::kFanOut;
  plan.registration = Registration::kByStage;
  countLayersAsSimMim(plan);
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    Stage& stage = plan.stages[s];
    stage.narrowing = Narrowing::kOverlapping;
    stage.convolvedMlp = true;
    stage.norm = fmt::format("norm{}", s + 1);
    stage.normLayer = stage.embeddingLayer + static_cast<int>(stage.blocks.size());  // the last block's
    reduceKeys(plan, stage);
  }
  return plan;
}

}  // namespace cv::mixmim
