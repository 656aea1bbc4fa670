#include "network/blocks.hpp"

namespace cv::mixmim {

EncoderBlock::Attention EncoderBlock::attentionOf(const Weights& weights, const Block& block,
                                                  const Stage& stage) {
  if (block.meeting == Meeting::kReduced) return ReducedAttention(weights, block, stage);
  return SelfAttention(weights, block.name + ".attn", stage.heads, block.biased);
}

EncoderBlock::EncoderBlock(const Weights& weights, const Block& block, const Stage& stage, double dropRate)
    : block_(block),
      dropRate_(dropRate),
      norm1_(weights, block.name + ".norm1", stage.eps),
      norm2_(weights, block.name + ".norm2", stage.eps),
      attention_(attentionOf(weights, block, stage)),
      mlp_(weights, block.name + ".mlp", stage.convolvedMlp) {}

void EncoderBlock::operator()(Residual& x, const StageOrder& order, DropPath* drop) const {
  const auto dropped = [&](const at::Tensor& branch) { return drop ? (*drop)(branch, dropRate_) : branch; };
  const at::Tensor seen = x.normalised(norm1_);
  x.add(dropped(
      std::visit([&](const auto& attend) { return attend(seen, order.patternOf(block_)); }, attention_)));
  x.add(dropped(mlp_(x.normalised(norm2_), order.neighbours)));
}

GlobalBlock::GlobalBlock(const Weights& weights, const std::string& name, int heads)
    : norm1_(weights, name + ".norm1", kDecoderEps),
      norm2_(weights, name + ".norm2", kDecoderEps),
      attention_(weights, name + ".attn", heads),
      mlp_(weights, name + ".mlp") {}

void GlobalBlock::operator()(Residual& x) const {
  const at::Tensor normed = x.normalised(norm1_);
  x.add(attention_(normed,
                   std::make_shared<const AttentionPattern>(everyoneSees(normed.size(1), normed.size(1)))));
  x.add(mlp_(x.normalised(norm2_)));
}

Residual GlobalBlock::picked(Residual& x, const Pick& needed, const See& across) const {
  const at::Tensor normed = x.normalised(norm1_);
  Residual y(needed(x.value()));
  y.add(attention_.project(
      across(attention_.queries(needed(normed)), attention_.keysValues(normed), attention_)));
  y.add(mlp_(y.normalised(norm2_)));
  return y;
}

}  // namespace cv::mixmim
