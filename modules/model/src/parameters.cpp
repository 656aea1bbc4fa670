#include "model/parameters.hpp"

#include <cmath>

#include "opencv2/mixmim/train/geometry.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

namespace {

/// Collects parameters in registration order; one method per kind of layer.
class List {
 public:
  void add(const std::string& name, std::vector<int64_t> shape, Init init, double bound = 0) {
    all_.push_back({name, std::move(shape), init, bound});
  }
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true) {
    add(name + ".weight", {out, in}, Init::kUniform, std::sqrt(6.0 / static_cast<double>(in + out)));
    if (bias) add(name + ".bias", {out}, Init::kZero);
  }
  void norm(const std::string& name, int64_t dim) {
    add(name + ".weight", {dim}, Init::kOne);
    add(name + ".bias", {dim}, Init::kZero);
  }
  /// A Transformer block; `biasRows` > 0 gives it a relative position table.
  void block(const std::string& name, int64_t dim, int64_t mlpRatio, int64_t biasRows, int64_t heads) {
    norm(name + ".norm1", dim);
    if (biasRows > 0) add(name + ".attn.relative_position_bias_table", {biasRows, heads}, Init::kNormal002);
    linear(name + ".attn.qkv", dim, 3 * dim);
    linear(name + ".attn.proj", dim, dim);
    norm(name + ".norm2", dim);
    linear(name + ".mlp.fc1", dim, mlpRatio * dim);
    linear(name + ".mlp.fc2", mlpRatio * dim, dim);
  }
  std::vector<Parameter> take() { return std::move(all_); }

 private:
  std::vector<Parameter> all_;
};

void addEncoder(List& list, const ModelConfig& model, const Geometry& geometry) {
  // PyTorch's default for a convolution, which the reference leaves alone.
  const int64_t patch = model.patchSize;
  const double bound = 1 / std::sqrt(static_cast<double>(3 * patch * patch));
  list.add("patch_embed.proj.weight", {model.embedDim, 3, patch, patch}, Init::kUniform, bound);
  list.add("patch_embed.proj.bias", {model.embedDim}, Init::kUniform, bound);
  list.norm("patch_embed.norm", model.embedDim);
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const std::string layer = "layers." + std::to_string(s);
    for (int n = 0; n < stage.depth; ++n)
      list.block(layer + ".blocks." + std::to_string(n), stage.dim, model.mlpRatio, stage.biasRows(),
                 stage.heads);
    if (s + 1 == geometry.stages.size()) continue;
    list.linear(layer + ".downsample.reduction", 4 * stage.dim, 2 * stage.dim, /*bias=*/false);
    list.norm(layer + ".downsample.norm", 4 * stage.dim);
  }
  list.norm("norm", geometry.featureDim());
}

void addDecoder(List& list, const ModelConfig& model, const Geometry& geometry) {
  const int64_t dim = model.decoderDim;
  list.linear("decoder_embed", geometry.featureDim(), dim);
  for (int n = 0; n < model.decoderDepth; ++n)
    list.block("decoder_blocks." + std::to_string(n), dim, model.mlpRatio, /*biasRows=*/0,
               model.decoderHeads);
  list.norm("decoder_norm", dim);
  list.linear("decoder_pred", dim, geometry.cellPixels());
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

Tensor sinCos(const Parameter& parameter) {
  const int64_t dim = parameter.shape[2];
  const auto grid = static_cast<int>(std::llround(std::sqrt(static_cast<double>(parameter.shape[1]))));
  return positionEmbedding(grid, static_cast<int>(dim));
}

}  // namespace

std::vector<Parameter> parameters(const ModelConfig& model, Task task) {
  const Geometry geometry = geometryOf(model);
  const bool pretraining = task == Task::kPretrain;
  List list;
  if (pretraining) list.add("mask_token", {1, 1, model.decoderDim}, Init::kNormal002);
  list.add("absolute_pos_embed", {1, geometry.stages.front().tokens(), model.embedDim}, Init::kSinCos);
  if (pretraining) list.add("decoder_pos_embed", {1, geometry.cellCount(), model.decoderDim}, Init::kSinCos);
  addEncoder(list, model, geometry);
  if (pretraining)
    addDecoder(list, model, geometry);
  else if (model.classes > 0)
    list.linear("head", geometry.featureDim(), model.classes);
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
      return sinCos(parameter);
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

Tensor positionEmbedding(int grid, int dim) {
  const int quarter = dim / 4;
  Tensor tensor = Tensor::zeros({1, int64_t{grid} * grid, dim});
  float* row = tensor.as<float>();
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x, row += dim) {
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

cv::Mat relativePositionIndex(int side) {
  const int tokens = side * side;
  cv::Mat index(tokens, tokens, CV_32S);
  for (int i = 0; i < tokens; ++i)
    for (int j = 0; j < tokens; ++j)
      index.at<int>(i, j) =
          (i / side - j / side + side - 1) * (2 * side - 1) + (i % side - j % side + side - 1);
  return index;
}

}  // namespace cv::mixmim
