#include "pytorch/model_from_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/parameters.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/geometry.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

/// Sizes of tensors of the file, as far as they are there.
class Sizes {
 public:
  Sizes(const Shapes& shapes, const std::string& where) : shapes_(shapes), where_(where) {}

  bool has(const std::string& name) const { return shapes_.count(name) > 0; }

  int at(const std::string& name, size_t dimension, size_t rank) const {
    const auto found = shapes_.find(name);
    constexpr int64_t kMost = std::numeric_limits<int>::max();
    const bool fits = found != shapes_.end() && found->second.size() == rank &&
                      found->second[dimension] > 0 && found->second[dimension] <= kMost;
    if (!fits)
      throw Error(
          where_,
          fmt::format("does not say which model it holds: expected a tensor {} of {} dimensions, got {}",
                      name, rank,
                      found == shapes_.end() ? "none" : fmt::format("[{}]", fmt::join(found->second, ", "))),
          "pretrain and finetune can be told with --model");
    return static_cast<int>(found->second[dimension]);
  }

  /// How many of "<prefix>0<suffix>", "<prefix>1<suffix>" ... there are.
  int count(const std::string& prefix, const std::string& suffix) const {
    int number = 0;
    while (has(prefix + std::to_string(number) + suffix)) ++number;
    return number;
  }

 private:
  const Shapes& shapes_;
  std::string where_;
};

void readEncoder(const Sizes& sizes, ModelConfig& model) {
  const std::string block = "layers.0.blocks.0.";
  model.embedDim = sizes.at("patch_embed.proj.weight", 0, 4);
  model.patchSize = sizes.at("patch_embed.proj.weight", 2, 4);
  const int64_t side =
      std::lround(std::sqrt(sizes.at("absolute_pos_embed", 1, 3))) * int64_t{model.patchSize};
  model.imageSize = static_cast<int>(std::min<int64_t>(side, std::numeric_limits<int>::max()));
  model.headDim = std::max(1, model.embedDim / sizes.at(block + "attn.relative_position_bias_table", 1, 2));
  model.mlpRatio = std::max(1, sizes.at(block + "mlp.fc1.bias", 0, 1) / model.embedDim);
  model.depths.clear();
  for (int stage = 0;; ++stage) {
    const int blocks = sizes.count(fmt::format("layers.{}.blocks.", stage), ".norm1.weight");
    if (blocks == 0) break;
    model.depths.push_back(blocks);
  }
}

void readDecoder(const Sizes& sizes, ModelConfig& model) {
  model.decoderDim = sizes.at("decoder_embed.weight", 0, 2);
  model.decoderDepth = sizes.count("decoder_blocks.", ".norm1.weight");
  model.decoderHeads = std::max(1, model.decoderDim / model.headDim);
}

/// A model of a known name gets that name, and the decoder that belongs to it.
void nameModel(Config& config) {
  const ModelConfig& model = config.model;
  for (const std::string& name : modelNames()) {
    ModelConfig known = resolve(config.run.task, {{"model.name", name, name}}).model;
    const bool same = known.patchSize == model.patchSize && known.embedDim == model.embedDim &&
                      known.depths == model.depths && known.headDim == model.headDim;
    const bool sameDecoder = known.decoderDim == model.decoderDim && known.decoderDepth == model.decoderDepth;
    if (!same || (config.run.task == Task::kPretrain && !sameDecoder)) continue;
    known.imageSize = model.imageSize;
    known.mlpRatio = model.mlpRatio;
    known.classes = model.classes;
    config.model = known;
    return;
  }
}

}  // namespace

Config modelFromShapes(const Shapes& shapes, const std::string& where) {
  const Sizes sizes(shapes, where);
  const Task task = sizes.has("decoder_pred.weight") ? Task::kPretrain : Task::kFinetune;
  Config config = resolve(task, {});
  readEncoder(sizes, config.model);
  if (task == Task::kPretrain) readDecoder(sizes, config.model);
  config.model.classes = sizes.has("head.weight") ? sizes.at("head.weight", 0, 2) : 0;
  nameModel(config);
  return config;
}

void checkShapes(const Shapes& shapes, const Config& config, const std::string& where) {
  std::vector<std::string> problems;
  std::vector<Parameter> list;
  try {
    list = parameters(fromJson(toJson(config)).model, config.run.task);  // with the ranges of all settings
  } catch (const Error& e) {
    throw Error(where, fmt::format("its tensors have sizes that no MixMIM model has: {}", e.what()));
  }
  for (const Parameter& parameter : list) {
    const auto found = shapes.find(parameter.name);
    if (found == shapes.end())
      problems.push_back(parameter.name + " is missing");
    else if (found->second != parameter.shape)
      problems.push_back(fmt::format("{} expected [{}], got [{}]", parameter.name,
                                     fmt::join(parameter.shape, ", "), fmt::join(found->second, ", ")));
  }
  if (problems.empty()) return;
  throw Error(where, fmt::format("is not a complete MixMIM model at {} px: {}", config.model.imageSize,
                                 firstFew(problems)));
}

}  // namespace cv::mixmim
