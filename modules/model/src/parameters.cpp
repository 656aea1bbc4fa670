#include "model/parameters.hpp"

#include <cmath>

#include "model/plan.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

namespace {

/// Collects parameters in registration order; one method per kind of layer.
class List {
 public:
  explicit List(const Plan& plan) : plan_(plan), start_(plan.start) {}

  void encoder();
  void decoder(const ModelConfig& model);
  void head(int classes);
  void positions(const std::string& name, cv::Size grid, int dim) {
    Parameter& embedding = add(name, {1, grid.area(), dim}, Init::kSinCos);
    embedding.grid = grid;
    embedding.trainable = false;
  }
  void maskToken(int dim) { add("mask_token", {1, 1, dim}, Init::kNormal002); }

  std::vector<Parameter> take() { return std::move(all_); }

 private:
  Parameter& add(const std::string& name, std::vector<int64_t> shape, Init init, double bound = 0) {
    Parameter parameter;
    parameter.name = name;
    parameter.decays = shape.size() > 1;  // biases and norms have one dimension
    parameter.shape = std::move(shape);
    parameter.init = init;
    parameter.bound = bound;
    parameter.layer = layer_;
    return all_.emplace_back(std::move(parameter));
  }
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true) {
    if (start_ == StartRule::kXavier)
      add(name + ".weight", {out, in}, Init::kUniform, std::sqrt(6.0 / static_cast<double>(in + out)));
    else
      add(name + ".weight", {out, in}, Init::kNormal002);
    if (bias) add(name + ".bias", {out}, Init::kZero);
  }
  void norm(const std::string& name, int64_t dim) {
    add(name + ".weight", {dim}, Init::kOne);
    add(name + ".bias", {dim}, Init::kZero);
  }
  void patches(const Stage& stage);
  void merging(const Stage& stage, int dimBefore);
  /// A Transformer block; `differences` of places in a window give it a relative position table.
  void block(const std::string& name, int64_t dim, int64_t hidden, cv::Size differences, int64_t heads);

  const Plan& plan_;
  StartRule start_;
  int layer_ = 0;
  std::vector<Parameter> all_;
};

void List::patches(const Stage& stage) {
  // PyTorch's default for a convolution, which the references leave alone.
  const double bound = 1 / std::sqrt(static_cast<double>(3 * stage.side * stage.side));
  add(stage.embedding + ".proj.weight", {stage.dim, 3, stage.side, stage.side}, Init::kUniform, bound);
  add(stage.embedding + ".proj.bias", {stage.dim}, Init::kUniform, bound);
  norm(stage.embedding + ".norm", stage.dim);
}

void List::merging(const Stage& stage, int dimBefore) {
  const int64_t members = int64_t{stage.side} * stage.side * dimBefore;
  linear(stage.embedding + ".reduction", members, stage.dim, /*bias=*/false);
  norm(stage.embedding + ".norm", members);
}

void List::block(const std::string& name, int64_t dim, int64_t hidden, cv::Size differences, int64_t heads) {
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

void List::encoder() {
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

void List::decoder(const ModelConfig& model) {
  start_ = StartRule::kXavier;
  const int64_t dim = model.decoderDim;
  linear("decoder_embed", plan_.featureDim(), dim);
  for (int n = 0; n < model.decoderDepth; ++n)
    block("decoder_blocks." + std::to_string(n), dim, dim * model.mlpRatio, /*differences=*/{},
          model.decoderHeads);
  norm("decoder_norm", dim);
  linear("decoder_pred", dim, plan_.cellPixels());
}

void List::head(int classes) {
  linear("head", plan_.featureDim(), classes);
}

/// FNV-1a, so that a parameter's values do not depend on the parameters around it.
uint64_t hashOf(const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const unsigned char byte : name) hash = (hash ^ byte) * 0x100000001B3u;
  return hash;
}

template <class Draw>
Tensor filled(const std::vector<int64_t>& shape, Draw draw) {
  Tensor tensor = Tensor::zeros(shape);
  float* values = tensor.as<float>();
  for (int64_t i = 0; i < tensor.elements(); ++i) values[i] = static_cast<float>(draw());
  return tensor;
}

}  // namespace

std::vector<Parameter> parameters(const ModelConfig& model, Task task) {
  const Plan plan = planOf(model);
  const bool pretraining = task == Task::kPretrain;
  List list(plan);
  if (pretraining) list.maskToken(model.decoderDim);
  if (plan.position == Position::kFixed)
    list.positions("absolute_pos_embed", plan.stages.front().grid, plan.stages.front().dim);
  if (pretraining) list.positions("decoder_pos_embed", plan.cells, model.decoderDim);
  list.encoder();
  if (pretraining)
    list.decoder(model);
  else if (model.classes > 0)
    list.head(model.classes);
  return list.take();
}

Tensor initialValue(const Parameter& parameter, uint64_t seed) {
  const std::vector<int64_t>& shape = parameter.shape;
  Rng rng(seed, hashOf(parameter.name), 0, Purpose::kInitialise);
  switch (parameter.init) {
    case Init::kUniform:
      return filled(shape, [&] { return rng.uniform(-parameter.bound, parameter.bound); });
    case Init::kNormal002:
      return filled(shape, [&] { return 0.02 * rng.normal(); });
    case Init::kOne:
      return filled(shape, [] { return 1.0; });
    case Init::kZero:
      return Tensor::zeros(shape);
    case Init::kSinCos:
      return positionEmbedding(parameter.grid, static_cast<int>(shape.back()));
  }
  return Tensor::zeros(shape);
}

Tensor redrawnHead(const Parameter& parameter, uint64_t seed) {
  if (parameter.init == Init::kZero) return initialValue(parameter, seed);
  Rng rng(seed, hashOf(parameter.name), 0, Purpose::kInitialise);
  return filled(parameter.shape, [&] { return 2e-5 * rng.normal(); });
}

TensorMap initialWeights(const ModelConfig& model, Task task, uint64_t seed) {
  TensorMap weights;
  for (const Parameter& parameter : parameters(model, task))
    weights[parameter.name] = initialValue(parameter, seed);
  return weights;
}

Tensor positionEmbedding(cv::Size grid, int dim) {
  const int quarter = dim / 4;
  Tensor tensor = Tensor::zeros({1, grid.area(), dim});
  float* row = tensor.as<float>();
  for (int y = 0; y < grid.height; ++y) {
    for (int x = 0; x < grid.width; ++x, row += dim) {
      for (int k = 0; k < quarter; ++k) {
        const double omega = std::pow(10000.0, -static_cast<double>(k) / quarter);
        row[k] = static_cast<float>(std::sin(x * omega));
        row[quarter + k] = static_cast<float>(std::cos(x * omega));
        row[2 * quarter + k] = static_cast<float>(std::sin(y * omega));
        row[3 * quarter + k] = static_cast<float>(std::cos(y * omega));
      }
    }
  }
  return tensor;
}

}  // namespace cv::mixmim
