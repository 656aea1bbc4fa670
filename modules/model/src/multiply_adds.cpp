#include "model/multiply_adds.hpp"

namespace cv::mixmim {

namespace {

constexpr double kDepthwise = 3 * 3, kColours = 3;

double squared(double number) {
  return number * number;
}

void addNarrowing(const Stage& stage, double widthBefore, MultiplyAdds& all) {
  const double products = stage.tokens() * widthBefore * stage.dim;
  switch (stage.narrowing) {
    case Narrowing::kPatches:
      all.convolution += products * squared(stage.side);
      return;
    case Narrowing::kOverlapping:
      all.convolution += products * squared(2 * stage.side - 1);
      return;
    case Narrowing::kMerged:
      all.linear += products * squared(stage.side);
      return;
  }
}

void addAttention(const Stage& stage, const Block& block, MultiplyAdds& all) {
  const double rows = stage.rows(), width = stage.dim;
  const bool windows = block.meeting == Meeting::kWindow, reduced = !windows && block.reduction > 1;
  const double keys = windows ? rows : stage.keysOf(block);  // that are projected
  const double met = windows ? block.windowTokens() : keys;
  all.linear += 2 * (rows + keys) * squared(width);  // queries and output, keys and values
  all.attention += 2 * rows * met * width;
  if (reduced) all.convolution += keys * squared(block.reduction) * squared(width);
}

void addMlp(const Stage& stage, MultiplyAdds& all) {
  const double hidden = 1.0 * stage.rows() * stage.hidden;
  all.linear += 2 * hidden * stage.dim;
  if (stage.convolvedMlp) all.convolution += hidden * kDepthwise;
}

}  // namespace

MultiplyAdds multiplyAdds(const Plan& plan, int classes) {
  MultiplyAdds all;
  double widthBefore = kColours;
  for (const Stage& stage : plan.stages) {
    addNarrowing(stage, widthBefore, all);
    for (const Block& block : stage.blocks) {
      addAttention(stage, block, all);
      addMlp(stage, all);
    }
    if (stage.position == Position::kConvolved) all.convolution += stage.tokens() * kDepthwise * stage.dim;
    widthBefore = stage.dim;
  }
  all.linear += 1.0 * plan.featureDim() * classes;
  return all;
}

}  // namespace cv::mixmim
