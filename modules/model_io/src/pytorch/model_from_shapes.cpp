#include "pytorch/model_from_shapes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/parameters.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/encoder_family.hpp"

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
      fail(fmt::format("which model it holds: expected a tensor {} of {} dimensions, got {}", name, rank,
                       found == shapes_.end() ? "none" : fmt::format("[{}]", fmt::join(found->second, ", "))),
           "--model");
    return static_cast<int>(found->second[dimension]);
  }

  /// The side of a square of so many rows.
  int rootAt(const std::string& name, size_t dimension, size_t rank) const {
    return static_cast<int>(std::lround(std::sqrt(at(name, dimension, rank))));
  }

  /// How many of "<prefix>0<suffix>", "<prefix>1<suffix>" ... there are.
  int count(const std::string& prefix, const std::string& suffix) const {
    int number = 0;
    while (has(prefix + std::to_string(number) + suffix)) ++number;
    return number;
  }

  [[noreturn]] void fail(const std::string& what, const std::string& options) const {
    throw Error(where_, "does not say " + what, "pretrain and finetune can be told with " + options);
  }

 private:
  const Shapes& shapes_;
  std::string where_;
};

/// "layers.1.blocks.0" -> 1, the number behind `prefix`; -1 where none follows.
int numberBehind(const std::string& name, const std::string& prefix) {
  int number = -1;
  if (startsWith(name, prefix))
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

/// Numbers of blocks by the number of their stage. A merging says that its stage and the next one exist.
using Blocks = std::map<int, std::set<int>>;

Blocks blocksOf(const Shapes& shapes) {
  constexpr int kMost = 64;  // of either, so that a wrong number costs nothing
  Blocks blocks;
  for (const auto& entry : shapes) {
    const int stage = numberBehind(entry.first, "layers.");
    if (stage < 0 || stage >= kMost) continue;
    const std::string start = fmt::format("layers.{}.", stage);
    const int block = numberBehind(entry.first, start + "blocks.");
    if (block >= 0 && block < kMost) blocks[stage].insert(block);
    if (startsWith(entry.first, start + "downsample.")) blocks[stage], blocks[stage + 1];
  }
  return blocks;
}

/// Throws Error by the names of stages and blocks that a file lacks between others, because sizes would
/// otherwise be taken from the wrong tensors.
void requireNoGaps(const Shapes& shapes, const std::string& where) {
  Blocks blocks = blocksOf(shapes);
  std::vector<std::string> problems;
  for (int stage = 0; !blocks.empty() && stage <= blocks.rbegin()->first; ++stage) {
    const std::set<int>& present = blocks[stage];
    if (present.empty()) problems.push_back(fmt::format("layers.{} is missing", stage));
    for (int block = 0; !present.empty() && block < *present.rbegin(); ++block)
      if (present.count(block) == 0)
        problems.push_back(fmt::format("layers.{}.blocks.{} is missing", stage, block));
  }
  if (!problems.empty()) throw Error(where, "is not a complete model: " + firstFew(problems));
}

/// Shapes tell a number of tokens: the images are taken for square.
cv::Size square(int64_t side) {
  const auto bounded = static_cast<int>(std::min<int64_t>(side, std::numeric_limits<int>::max()));
  return {bounded, bounded};
}

void readMixMimSide(const Sizes& sizes, ModelConfig& model) {
  model.imageSize = square(int64_t{sizes.rootAt("absolute_pos_embed", 1, 3)} * model.patchSize);
}

/// The side of a window, whose table has a row for every difference of two places.
int windowOf(const Sizes& sizes, size_t stage) {
  return (sizes.rootAt(fmt::format("layers.{}.blocks.0.attn.relative_position_bias_table", stage), 0, 2) +
          1) /
         2;
}

/// Mask cells per axis: those that a decoder predicts, else the window of the last stage, which is its whole
/// grid except where that has more tokens than any published one.
int cellsOf(const Sizes& sizes, size_t lastStage) {
  constexpr int kMost = 12;  // per axis: 384 px in four stages
  if (sizes.has("decoder_pos_embed")) return sizes.rootAt("decoder_pos_embed", 1, 3);
  const int cells = windowOf(sizes, lastStage);
  if (cells > kMost)
    sizes.fail(
        fmt::format("how large its images are: expected windows of at most {} tokens per axis in the last "
                    "stage, got {}",
                    kMost, cells),
        "--model and --size");
  return cells;
}

void readSwinSide(const Sizes& sizes, ModelConfig& model) {
  constexpr size_t kMostStages = 16;                 // more than any model has
  sizes.at("layers.0.blocks.0.norm1.weight", 0, 1);  // so there is a stage
  const size_t last = std::min(model.depths.size(), kMostStages) - 1;
  model.imageSize = square((int64_t{cellsOf(sizes, last)} * model.patchSize) << last);
  model.window = last > 0 && windowOf(sizes, last - 1) == 2 * windowOf(sizes, last) ? 14 : 7;
}

void readEncoder(const Sizes& sizes, ModelConfig& model) {
  const std::string block = "layers.0.blocks.0.";
  model.embedDim = sizes.at("patch_embed.proj.weight", 0, 4);
  model.patchSize = sizes.at("patch_embed.proj.weight", 2, 4);
  model.headDim = std::max(1, model.embedDim / sizes.at(block + "attn.relative_position_bias_table", 1, 2));
  model.mlpRatio = std::max(1, sizes.at(block + "mlp.fc1.bias", 0, 1) / model.embedDim);
  model.depths.clear();
  for (int stage = 0;; ++stage) {
    const int blocks = sizes.count(fmt::format("layers.{}.blocks.", stage), ".norm1.weight");
    if (blocks == 0) break;
    model.depths.push_back(blocks);
  }
  if (model.encoder == Family::kSwin)
    readSwinSide(sizes, model);
  else
    readMixMimSide(sizes, model);
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
    const bool same = known.encoder == model.encoder && known.window == model.window &&
                      known.patchSize == model.patchSize && known.embedDim == model.embedDim &&
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

/// The name of a parameter that is not there, or of its stage, where nothing of that is.
std::string missingPart(const Shapes& shapes, const std::string& name) {
  const int number = numberBehind(name, "layers.");
  if (number < 0) return name;
  const std::string stage = fmt::format("layers.{}", number);
  const auto next = shapes.lower_bound(stage + '.');
  return next != shapes.end() && startsWith(next->first, stage + '.') ? name : stage;
}

}  // namespace

Config modelFromShapes(const Shapes& shapes, const std::string& where) {
  requireNoGaps(shapes, where);
  const Sizes sizes(shapes, where);
  const Task task = sizes.has("decoder_pred.weight") ? Task::kPretrain : Task::kFinetune;
  // Names that say no family are taken for MixMIM's, whose tensors are then missed.
  const bool swin = familyOf(namesOf(shapes)) == Family::kSwin;
  Config config = resolve(task, {{"model.encoder", swin ? "swin" : "mixmim", where}});
  readEncoder(sizes, config.model);
  if (task == Task::kPretrain) readDecoder(sizes, config.model);
  config.model.classes = sizes.has("head.weight") ? sizes.at("head.weight", 0, 2) : 0;
  nameModel(config);
  return config;
}

void checkShapes(const Shapes& shapes, const Config& config, const std::string& where) {
  const char* family = encoderName(config.model.encoder);
  std::vector<std::string> problems;
  std::vector<Parameter> list;
  try {
    fromJson(toJson(config));  // with the ranges of all settings
    list = parameters(config.model, config.run.task);
  } catch (const Error& e) {
    throw Error(where, fmt::format("its tensors have sizes that no {} model has: {}", family, e.what()));
  }
  for (const Parameter& parameter : list) {
    const auto found = shapes.find(parameter.name);
    if (found != shapes.end() && found->second != parameter.shape)
      problems.push_back(fmt::format("{} expected [{}], got [{}]", parameter.name,
                                     fmt::join(parameter.shape, ", "), fmt::join(found->second, ", ")));
    const std::string missing =
        found == shapes.end() ? missingPart(shapes, parameter.name) + " is missing" : "";
    if (!missing.empty() && (problems.empty() || problems.back() != missing)) problems.push_back(missing);
  }
  if (problems.empty()) return;
  throw Error(where, fmt::format("is not a complete {} model at {} px: {}", family,
                                 sizeText(config.model.imageSize), firstFew(problems)));
}

}  // namespace cv::mixmim
