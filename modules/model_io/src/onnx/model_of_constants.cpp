#include "model_io/onnx/model_of_constants.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/plan.hpp"
#include "model_io/onnx/constants.hpp"
#include "onnx/model_text.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

namespace names = onnx_names;
using Shape = std::vector<int64_t>;

class Constants {
 public:
  Constants(const TensorMap& tensors, const std::string& where) : tensors_(tensors), where_(where) {}

  bool has(const std::string& name) const { return tensors_.count(name) == 1; }

  const Shape& shape(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail(fmt::format("expected the constant \"{}\", got none", name));
    return found->second.shape;
  }

  /// `expected` in words, of so many dimensions.
  const Shape& shape(const std::string& name, size_t rank, const std::string& expected) const {
    const Shape& found = shape(name);
    if (found.size() != rank) wrong(name, expected);
    return found;
  }

  void check(const std::string& name, const Shape& expected) const {
    if (shape(name) != expected) wrong(name, fmt::format("{}", fmt::join(expected, " x ")));
  }

 private:
  [[noreturn]] void wrong(const std::string& name, const std::string& expected) const {
    fail(fmt::format("the constant \"{}\", expected {} numbers, got {}", name, expected,
                     fmt::join(shape(name), " x ")));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(where_, what, "export the model anew");
  }

  const TensorMap& tensors_;
  const std::string& where_;
};

std::string blockName(size_t stage, int block) {
  return fmt::format("layers.{}.blocks.{}", stage, block);
}

/// Blocks per stage: as many as there are names.
std::vector<int> depthsOf(const Constants& constants) {
  std::vector<int> depths;
  do {
    const size_t stage = depths.size();
    int blocks = 0;
    while (constants.has(blockName(stage, blocks) + names::kScoreBias)) ++blocks;
    depths.push_back(blocks);
  } while (constants.has(fmt::format("layers.{}.downsample", depths.size() - 1) + names::kMerging +
                         names::kWeight));
  return depths;
}

/// Heads of a block: where there is one, its bias has two dimensions.
int headsOf(const Constants& constants, const std::string& block) {
  const Shape& bias = constants.shape(block + names::kScoreBias);
  return bias.size() == 2 ? 1
                          : static_cast<int>(constants.shape(block + names::kScoreBias, 3, "h x N x N")[0]);
}

/// Whether the constants that told the sizes are those of such a model throughout.
void check(const ModelConfig& model, const Constants& constants) {
  const Plan plan = planOf(model);
  constants.check(plan.stages.front().embedding + names::kPatches + names::kWeight,
                  {model.embedDim, 3, model.patchSize, model.patchSize});
  for (const Stage& stage : plan.stages)
    for (const Block& block : stage.blocks) {
      const int64_t n = block.windowTokens();
      constants.check(block.name + names::kScoreBias,
                      stage.heads == 1 ? Shape{n, n} : Shape{stage.heads, n, n});
      constants.check(block.name + names::kHidden + names::kWeight, {stage.hidden, stage.dim});
    }
}

}  // namespace

ModelConfig modelOfConstants(const TensorMap& tensors, cv::Size inputSize, const std::string& where) {
  const Constants constants(tensors, where);
  const Shape& patches =
      constants.shape(std::string("patch_embed") + names::kPatches + names::kWeight, 4, "C x 3 x p x p");
  const std::string block = blockName(0, 0);
  const auto whole = [](int64_t number, int64_t divisor) {  // bounded where the text is read
    return static_cast<int>(number / std::max<int64_t>(1, divisor));
  };
  ModelConfig model;
  model.name.clear();
  model.imageSize = inputSize;
  model.patchSize = whole(patches[2], 1);
  model.embedDim = whole(patches[0], 1);
  model.depths = depthsOf(constants);
  model.headDim = whole(patches[0], headsOf(constants, block));
  model.mlpRatio =
      whole(constants.shape(block + names::kHidden + names::kWeight, 2, "hidden x C")[0], patches[0]);
  const std::string classifier = std::string(names::kLogits) + names::kWeight;
  if (constants.has(classifier)) model.classes = whole(constants.shape(classifier, 2, "classes x C")[0], 1);
  model = modelOfText(textOf(model), where);
  check(model, constants);
  return model;
}

}  // namespace cv::mixmim
