#include "pytorch/model_from_shapes.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/parameters.hpp"
#include "model_io/pytorch/named_models.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/encoder_layout.hpp"
#include "pytorch/tensor_sizes.hpp"

namespace cv::mixmim {

namespace {

/// The word for a family that model.encoder takes.
std::string wordOf(Family family) {
  Config config;
  config.model.encoder = family;
  for (const Option& option : options(config))
    if (option.name == "model.encoder") return option.get();
  CV_Error(cv::Error::StsBadArg, "no option for the family of encoders");
}

/// Shapes tell a number of tokens: the images are taken for square.
cv::Size square(int64_t side) {
  const auto bounded = static_cast<int>(std::min<int64_t>(side, std::numeric_limits<int>::max()));
  return {bounded, bounded};
}

/// The side of a window, whose table has a row for every difference of two places.
int windowOf(const TensorSizes& sizes, const EncoderLayout& layout, int stage) {
  return (sizes.rootAt(layout.block(stage, 0) + ".attn.relative_position_bias_table", 0, 2) + 1) / 2;
}

/// Mask cells per axis of a Swin: the window of its last stage, which is its whole grid except where that has
/// more tokens than any published one.
int cellsOfSwin(const TensorSizes& sizes, const EncoderLayout& layout, int lastStage) {
  constexpr int kMost = 12;  // per axis: 384 px in four stages
  const int cells = windowOf(sizes, layout, lastStage);
  if (cells > kMost)
    sizes.fail(
        fmt::format("how large its images are: expected windows of at most {} tokens per axis in the last "
                    "stage, got {}",
                    kMost, cells),
        "pretrain and finetune can be told with --model and --size");
  return cells;
}

void readWindow(const TensorSizes& sizes, const EncoderLayout& layout, ModelConfig& model, int lastStage) {
  const bool large =
      lastStage > 0 && windowOf(sizes, layout, lastStage - 1) == 2 * windowOf(sizes, layout, lastStage);
  model.window = large ? 14 : 7;
}

/// The image side as far as tensors depend on it: Twins and PVTv2 fit any, except where a decoder came along.
void readSide(const TensorSizes& sizes, const EncoderLayout& layout, ModelConfig& model) {
  const int last = static_cast<int>(model.depths.size()) - 1;
  const auto ofCells = [&](int cells) { return square((int64_t{cells} * model.patchSize) << last); };
  for (const char* positions : {"absolute_pos_embed", "pos_embed1"})
    if (sizes.has(positions)) {
      model.imageSize = square(int64_t{sizes.rootAt(positions, 1, 3)} * model.patchSize);
      return;
    }
  if (model.encoder == Family::kSwin) readWindow(sizes, layout, model, last);
  if (sizes.has("decoder_pos_embed"))
    model.imageSize = ofCells(sizes.rootAt("decoder_pos_embed", 1, 3));
  else if (model.encoder == Family::kSwin)
    model.imageSize = ofCells(cellsOfSwin(sizes, layout, last));
}

/// Widths, blocks and MLP ratios of the stages: one number where it says all.
void readStages(const TensorSizes& sizes, const EncoderLayout& layout, ModelConfig& model) {
  constexpr int kMostStages = 16;  // more than any model has
  std::vector<int> dims, ratios;
  bool doubled = true, alike = true;
  model.embedDim = sizes.at(layout.block(0, 0) + ".norm1.weight", 0, 1);  // so there is a stage
  model.depths.clear();
  for (int stage = 0; stage < kMostStages; ++stage) {
    const int blocks = layout.blocksOf(sizes.all(), stage);
    if (blocks == 0) break;
    const std::string block = layout.block(stage, 0);
    model.depths.push_back(blocks);
    dims.push_back(sizes.at(block + ".norm1.weight", 0, 1));
    const std::string hidden = block + ".mlp.fc1.bias";  // of later stages its absence is named later
    ratios.push_back(stage > 0 && !sizes.has(hidden) ? ratios.front()
                                                     : std::max(1, sizes.at(hidden, 0, 1) / dims.back()));
    doubled &= dims.back() == int64_t{model.embedDim} << stage;
    alike &= ratios.back() == ratios.front();
  }
  if (!doubled) model.dims = dims;
  if (alike)
    model.mlpRatio = ratios.front();
  else
    model.mlpRatios = ratios;
}

std::vector<int64_t> widthsOf(const ModelConfig& model) {
  if (!model.dims.empty()) return {model.dims.begin(), model.dims.end()};
  std::vector<int64_t> widths;
  for (size_t stage = 0; stage < model.depths.size(); ++stage)
    widths.push_back(int64_t{model.embedDim} << stage);
  return widths;
}

/// The width of a head: a column of a bias table each, else what a model of these sizes is known to have, or
/// what the user says.
void readHeads(const TensorSizes& sizes, const EncoderLayout& layout, int told, ModelConfig& model) {
  const std::string table = layout.block(0, 0) + ".attn.relative_position_bias_table";
  model.headDim = layout.tables ? std::max(1, model.embedDim / sizes.at(table, 1, 2)) : told;
  if (model.headDim > 0) return;
  const std::optional<ModelConfig> known = namedModelLike(model, Task::kFinetune);
  if (!known)
    sizes.fail(
        fmt::format("how wide its attention heads are: no {} of a known size has the widths {} and {} "
                    "blocks",
                    titleOf(model.encoder), fmt::join(widthsOf(model), ","), fmt::join(model.depths, ",")),
        "pretrain, finetune and export can be told with --model.headDim");
  model.headDim = known->headDim;
}

void readDecoder(const TensorSizes& sizes, ModelConfig& model) {
  model.decoderDim = sizes.at("decoder_embed.weight", 0, 2);
  model.decoderDepth = 0;
  while (sizes.has(fmt::format("decoder_blocks.{}.norm1.weight", model.decoderDepth))) ++model.decoderDepth;
  model.decoderHeads = std::max(1, model.decoderDim / model.headDim);
  if (model.decoderDepth == 0) return;
  const int ratio = std::max(1, sizes.at("decoder_blocks.0.mlp.fc1.bias", 0, 1) / model.decoderDim);
  if (model.mlpRatios.empty() && ratio != model.mlpRatio)
    model.mlpRatios.assign(model.depths.size(), model.mlpRatio);
  model.mlpRatio = ratio;
}

/// A model of a known name gets that name, and the decoder that belongs to it.
void nameModel(Config& config) {
  ModelConfig& model = config.model;
  std::optional<ModelConfig> known = namedModelLike(model, config.run.task);
  if (!known) return;
  const bool sameDecoder = known->decoderDim == model.decoderDim && known->decoderDepth == model.decoderDepth;
  if (config.run.task == Task::kPretrain && !sameDecoder) return;
  known->imageSize = model.imageSize;
  known->mlpRatio = model.mlpRatio;
  known->classes = model.classes;
  model = *known;
}

}  // namespace

Config modelFromShapes(const Shapes& shapes, const std::string& where, int headDim) {
  const Family family = requireFamily(namesOf(shapes), where);
  const EncoderLayout& layout = layoutOf(family);
  layout.requireNoGaps(shapes, where);
  const TensorSizes sizes(shapes, where);
  const Task task = sizes.has("decoder_pred.weight") ? Task::kPretrain : Task::kFinetune;
  Config config = resolve(task, {{"model.encoder", wordOf(family), where}});
  ModelConfig& model = config.model;
  readStages(sizes, layout, model);
  const int patch = sizes.at(std::string(layout.firstPatches) + ".proj.weight", 2, 4);
  model.patchSize = layout.overlapping ? (patch - 1) / 2 + 1 : patch;
  readSide(sizes, layout, model);
  readHeads(sizes, layout, headDim, model);
  if (task == Task::kPretrain) readDecoder(sizes, model);
  model.classes = sizes.has("head.weight") ? sizes.at("head.weight", 0, 2) : 0;
  nameModel(config);
  return config;
}

void checkShapes(const Shapes& shapes, const Config& config, const std::string& where) {
  const EncoderLayout& layout = layoutOf(config.model.encoder);
  const char* family = titleOf(config.model.encoder);
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
        found == shapes.end() ? layout.missingPart(shapes, parameter.name) + " is missing" : "";
    if (!missing.empty() && (problems.empty() || problems.back() != missing)) problems.push_back(missing);
  }
  if (problems.empty()) return;
  throw Error(where, fmt::format("is not a complete {} model at {} px: {}", family,
                                 sizeText(config.model.imageSize), firstFew(problems)));
}

}  // namespace cv::mixmim
