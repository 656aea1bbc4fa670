#include "parameters/parameter_list.hpp"

#include <cmath>
#include <utility>

namespace cv::mixmim {

Parameter& ParameterList::add(const std::string& name, std::vector<int64_t> shape, Init init, double bound) {
  Parameter parameter;
  parameter.name = name;
  parameter.decays = shape.size() > 1;  // biases and norms have one dimension
  parameter.shape = std::move(shape);
  parameter.init = init;
  parameter.bound = bound;
  parameter.layer = layer_;
  return all_.emplace_back(std::move(parameter));
}

void ParameterList::positions(const std::string& name, cv::Size grid, int dim) {
  Parameter& embedding = add(name, {1, grid.area(), dim}, Init::kSinCos);
  embedding.grid = grid;
  embedding.trainable = false;
}

void ParameterList::encoderPositions() {
  for (const Stage& stage : plan_.stages) {
    layer_ = stage.embeddingLayer;
    if (stage.position == Position::kFixed) positions(stage.positions, stage.grid, stage.dim);
    if (stage.position != Position::kLearned) continue;
    Parameter& embedding = add(stage.positions, {1, stage.rows(), stage.dim}, Init::kNormal002);
    embedding.grid = stage.grid;
    embedding.interpolation = Interpolation::kBilinear;
  }
  for (const Stage& stage : plan_.stages)
    if (stage.classToken) {
      layer_ = stage.embeddingLayer;
      add("cls_token", {1, 1, stage.dim}, Init::kNormal002).decays = false;
    }
  layer_ = 0;
}

void ParameterList::maskToken(int dim) {
  add("mask_token", {1, 1, dim}, Init::kNormal002);
}

void ParameterList::linear(const std::string& name, int64_t in, int64_t out, bool bias) {
  if (start_ == StartRule::kXavier)
    add(name + ".weight", {out, in}, Init::kUniform, std::sqrt(6.0 / static_cast<double>(in + out)));
  else
    add(name + ".weight", {out, in}, Init::kNormal002);
  if (bias) add(name + ".bias", {out}, Init::kZero);
}

void ParameterList::norm(const std::string& name, int64_t dim) {
  add(name + ".weight", {dim}, Init::kOne);
  add(name + ".bias", {dim}, Init::kZero);
}

/// With bias.
void ParameterList::convolution(const std::string& name, int64_t out, int64_t in, int64_t side) {
  const std::vector<int64_t> shape{out, in, side, side};
  const auto window = static_cast<double>(side * side);
  if (plan_.convolutions == ConvolutionStart::kFanIn) {
    const double bound = 1 / std::sqrt(window * static_cast<double>(in));
    add(name + ".weight", shape, Init::kUniform, bound);
    add(name + ".bias", {out}, Init::kUniform, bound);
    return;
  }
  const double fanOut = window * (in == 1 ? 1 : static_cast<double>(out));  // one group per channel, or one
  add(name + ".weight", shape, Init::kNormal, std::sqrt(2 / fanOut));
  add(name + ".bias", {out}, Init::kZero);
}

void ParameterList::depthwise(const std::string& name, int64_t channels) {
  constexpr int64_t kSide = 3;
  convolution(name, channels, 1, kSide);
}

void ParameterList::merging(const Stage& stage, int dimBefore) {
  const int64_t members = int64_t{stage.side} * stage.side * dimBefore;
  linear(stage.embedding + ".reduction", members, stage.dim, /*bias=*/false);
  norm(stage.embedding + ".norm", members);
}

void ParameterList::embedding(size_t s) {
  const Stage& stage = plan_.stages[s];
  const int before = s == 0 ? 3 : plan_.stages[s - 1].dim;
  layer_ = stage.embeddingLayer;
  if (stage.narrowing == Narrowing::kMerged) return merging(stage, before);
  const int side = stage.narrowing == Narrowing::kOverlapping ? 2 * stage.side - 1 : stage.side;
  convolution(stage.embedding + ".proj", stage.dim, before, side);
  norm(stage.embedding + ".norm", stage.dim);
}

void ParameterList::attention(const Block& block, const Stage& stage) {
  const std::string name = block.name + ".attn";
  if (block.meeting == Meeting::kReduced) return reducedAttention(name, stage, block.reduction);
  if (block.biased) {
    Parameter& table = add(name + ".relative_position_bias_table", {block.differences().area(), stage.heads},
                           Init::kNormal002);
    table.grid = block.differences();
    table.decays = plan_.tablesDecay;
  }
  linear(name + ".qkv", stage.dim, int64_t{3} * stage.dim);
  linear(name + ".proj", stage.dim, stage.dim);
}

void ParameterList::reducedAttention(const std::string& name, const Stage& stage, int reduction) {
  linear(name + ".q", stage.dim, stage.dim);
  linear(name + ".kv", stage.dim, int64_t{2} * stage.dim);
  linear(name + ".proj", stage.dim, stage.dim);
  if (reduction == 1) return;
  convolution(name + ".sr", stage.dim, stage.dim, reduction);
  norm(name + ".norm", stage.dim);
}

void ParameterList::mlp(const std::string& name, int64_t dim, int64_t hidden, bool convolved) {
  linear(name + ".fc1", dim, hidden);
  if (convolved) depthwise(name + ".dwconv.dwconv", hidden);
  linear(name + ".fc2", hidden, dim);
}

void ParameterList::block(const std::string& name, int64_t dim, int64_t hidden) {
  norm(name + ".norm1", dim);
  linear(name + ".attn.qkv", dim, 3 * dim);
  linear(name + ".attn.proj", dim, dim);
  norm(name + ".norm2", dim);
  mlp(name + ".mlp", dim, hidden, /*convolved=*/false);
}

void ParameterList::block(const Block& block, const Stage& stage) {
  layer_ = block.layer;
  const bool attentionLast = plan_.registration == Registration::kBlocksBehindHead;
  norm(block.name + ".norm1", stage.dim);
  if (!attentionLast) attention(block, stage);
  norm(block.name + ".norm2", stage.dim);
  mlp(block.name + ".mlp", stage.dim, stage.hidden, stage.convolvedMlp);
  if (attentionLast) attention(block, stage);
}

void ParameterList::blocks(const Stage& stage) {
  for (const Block& each : stage.blocks) block(each, stage);
}

void ParameterList::convolvedPositions(const Stage& stage) {
  if (stage.position != Position::kConvolved) return;
  layer_ = stage.blocks.empty() ? stage.embeddingLayer : stage.blocks.front().layer;
  const size_t first = all_.size();
  depthwise(stage.positions, stage.dim);
  for (size_t i = first; i < all_.size(); ++i) all_[i].decays = false;
}

void ParameterList::stageNorm(const Stage& stage) {
  if (stage.norm.empty()) return;
  layer_ = stage.normLayer;
  norm(stage.norm, stage.dim);
}

void ParameterList::head(int classes) {
  layer_ = plan_.headLayer;
  if (classes > 0) linear("head", plan_.featureDim(), classes);
}

void ParameterList::encoder(int classes) {
  const std::vector<Stage>& stages = plan_.stages;
  if (plan_.registration == Registration::kByStage) {
    for (size_t s = 0; s < stages.size(); ++s) {
      embedding(s);
      blocks(stages[s]);
      stageNorm(stages[s]);
    }
    return head(classes);
  }
  for (size_t s = 0; s < stages.size(); ++s) embedding(s);
  const bool blocksFirst = plan_.registration == Registration::kBlocksBeforeHead;
  if (blocksFirst)
    for (const Stage& stage : stages) blocks(stage);
  for (const Stage& stage : stages) stageNorm(stage);
  head(classes);
  for (const Stage& stage : stages) convolvedPositions(stage);
  if (!blocksFirst)
    for (const Stage& stage : stages) blocks(stage);
  layer_ = plan_.headLayer;
}

}  // namespace cv::mixmim
