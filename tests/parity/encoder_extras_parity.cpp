// The entries of extras.json that begin with the name of a model: its classifier at other image sizes, and
// with weights that make all numbers small.
#include <algorithm>
#include <array>

#include "model/resize_weights.hpp"
#include "tests/parity/classifier.hpp"
#include "tests/parity/compare.hpp"
#include "tests/parity/parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// One image of that size, 1 x 3 x S x S.
at::Tensor imageOf(uint64_t seed, int side) {
  return toTorch(test::recipeImages(seed, /*step=*/0, /*batch=*/1, side));
}

void compareLogits(Quantity& quantity, const Config& config, const TensorMap& weights,
                   const at::Tensor& image, const json::value& entry) {
  const json::value* wanted = entry.as_object().if_contains("logits");
  if (!wanted) return quantity.lacks("logits");
  const at::NoGradGuard noGrad;
  const Classifier classifier(config, weights);
  compareRows(quantity, "logits", classifier.logits(image.permute({0, 2, 3, 1}).contiguous()), *wanted);
}

/// What brings weights to another size must change these and nothing else.
void compareResized(Quantity& quantity, const TensorMap& before, const TensorMap& after,
                    const json::value& entry) {
  const json::value* list = entry.as_object().if_contains("resized");
  if (!list) return quantity.lacks("resized");
  int changed = 0;
  for (const auto& [name, tensor] : after) {
    if (tensor.shape == before.at(name).shape) continue;
    ++changed;
    const json::value* wanted = list->as_object().if_contains(name);
    wanted ? compareDescription(quantity, name, toTorch(tensor), *wanted) : quantity.lacks(name);
  }
  quantity.addExact("how many", changed, static_cast<double>(list->as_object().size()));
  for (const auto& item : list->as_object()) {
    const auto found = after.find(item.key());
    if (found == after.end() || found->second.shape == before.at(item.key()).shape)
      quantity.unknown(item.key());
  }
}

void checkOtherSize(const ModelEntry& extra, int side, Report& report) {
  Config config = configOf(extra.model, Task::kFinetune, report);
  const TensorMap weights = test::recipeWeights(config.model, Task::kFinetune, extra.seed);
  const ModelConfig before = config.model;
  config.model.imageSize = {side, side};
  const TensorMap resized = weightsForImageSize(weights, before, config.model);
  const at::Tensor image = imageOf(extra.seed, side);
  {
    Quantity quantity(report, extra.name + " resized parameters");
    compareResized(quantity, weights, resized, extra.entry);
  }
  Quantity quantity(report, extra.name + " image, logits");
  const json::value* described = extra.entry.as_object().if_contains("image");
  described ? compareDescription(quantity, "image", image, *described) : quantity.lacks("image");
  compareLogits(quantity, config, resized, image, extra.entry);
}

/// Parameters that make what a LayerNorm sees.
bool isMadeSmall(const std::string& name) {
  constexpr std::array kPieces{"patch_embed", "pos_embed", "cls_token",  ".proj.",
                               ".fc2.",       ".sr.",      ".reduction."};
  return std::any_of(kPieces.begin(), kPieces.end(),
                     [&](const char* piece) { return name.find(piece) != std::string::npos; });
}

/// Every LayerNorm of the encoder sees numbers so small that its epsilon matters.
void checkSmallNumbers(const ModelEntry& extra, Report& report) {
  constexpr float kFactor = 0x1p-8f;
  const Config config = configOf(extra.model, Task::kFinetune, report);
  TensorMap weights = test::recipeWeights(config.model, Task::kFinetune, extra.seed);
  for (auto& [name, tensor] : weights) {
    if (!isMadeSmall(name)) continue;
    float* values = tensor.as<float>();
    std::transform(values, values + tensor.elements(), values, [](float x) { return kFactor * x; });
  }
  Quantity quantity(report, extra.name + " logits");
  compareLogits(quantity, config, weights, imageOf(extra.seed, config.model.imageSize.width), extra.entry);
}

}  // namespace

void checkModelEntry(const ModelEntry& extra, Report& report) {
  const std::string what = extra.name.substr(extra.name.rfind('.') + 1);
  const bool number = std::all_of(what.begin(), what.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (what == "small_numbers") return checkSmallNumbers(extra, report);
  if (number) return checkOtherSize(extra, std::stoi(what), report);
  report.skipped(extra.name, "expected a size or small_numbers after the model's name");
}

}  // namespace cv::mixmim::parity
