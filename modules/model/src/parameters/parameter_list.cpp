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
  const Stage& first = plan_.stages.front();
  if (plan_.position == Position::kFixed) positions("absolute_pos_embed", first.grid, first.dim);
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

void ParameterList::patches(const Stage& stage) {
  // PyTorch's default for a convolution, which the references leave alone.
  const double bound = 1 / std::sqrt(static_cast<double>(3 * stage.side * stage.side));
  add(stage.embedding + ".proj.weight", {stage.dim, 3, stage.side, stage.side}, Init::kUniform, bound);
  add(stage.embedding + ".proj.bias", {stage.dim}, Init::kUniform, bound);
  norm(stage.embedding + ".norm", stage.dim);
}

void ParameterList::merging(const Stage& stage, int dimBefore) {
  const int64_t members = int64_t{stage.side} * stage.side * dimBefore;
  linear(stage.embedding + ".reduction", members, stage.dim, /*bias=*/false);
  norm(stage.embedding + ".norm", members);
}

void ParameterList::block(const std::string& name, int64_t dim, int64_t hidden, cv::Size differences,
                          int64_t heads) {
  norm(name + ".norm1", dim);
  if (!differences.empty()) {
    Parameter& table =
        add(name + ".attn.relative_position_bias_table", {differences.area(), heads}, Init::kNormal002);
    table.grid = differences;
    table.decays = plan_.tablesDecay;
  }
  linear(name + ".attn.qkv", dim, 3 * dim);
  linear(name + ".attn.proj", dim, dim);
  norm(name + ".norm2", dim);
  linear(name + ".mlp.fc1", dim, hidden);
  linear(name + ".mlp.fc2", hidden, dim);
}

void ParameterList::encoder() {
  int dimBefore = 0;
  for (const Stage& stage : plan_.stages) {
    layer_ = stage.embeddingLayer;
    if (stage.narrowing == Narrowing::kPatches)
      patches(stage);
    else
      merging(stage, dimBefore);
    for (const Block& each : stage.blocks) {
      layer_ = each.layer;
      block(each.name, stage.dim, stage.hidden, each.differences(), stage.heads);
    }
    dimBefore = stage.dim;
  }
  layer_ = plan_.headLayer;
  norm("norm", plan_.featureDim());
}

}  // namespace cv::mixmim
