#include "model/multiply_adds.hpp"

namespace cv::mixmim {

namespace {

constexpr double kDepthwise = 3 * 3, kColours = 3;

double squared(double number) {
  return number * number;
}

/// Rows that pass through the blocks of a stage.
double rowsOf(const Stage& stage) {
  return stage.tokens() + (stage.classToken ? 1 : 0);
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

void addAttention(const Stage& stage, const Block& block, double cells, MultiplyAdds& all) {
  const double rows = rowsOf(stage), width = stage.dim;
  const bool reduced = block.meeting == Meeting::kReduced && block.reduction > 1;
  const double keys = reduced ? cells : rows;  // that are projected
  const double met = block.meeting == Meeting::kWindow ? block.windowTokens() : keys;
  all.linear += 2 * (rows + keys) * squared(width);  // queries and output, keys and values
  all.attention += 2 * rows * met * width;
  if (reduced) all.convolution += keys * squared(block.reduction) * squared(width);
}

void addMlp(const Stage& stage, MultiplyAdds& all) {
  const double hidden = rowsOf(stage) * stage.hidden;
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
      addAttention(stage, block, plan.cellCount(), all);
      addMlp(stage, all);
    }
    if (stage.position == Position::kConvolved) all.convolution += stage.tokens() * kDepthwise * stage.dim;
    widthBefore = stage.dim;
  }
  all.linear += 1.0 * plan.featureDim() * classes;
  return all;
}

}  // namespace cv::mixmim
