// Files of weights: what our readers make of them.
#include <algorithm>
#include <filesystem>

#include "model/plan.hpp"
#include "model/reference_forward.hpp"
#include "model_io/files/safetensors.hpp"
#include "model_io/open_checkpoint.hpp"
#include "tests/parity/compare.hpp"
#include "tests/parity/parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// Every number is the recipe's, and no name is left over. Returns whether nothing is missing.
bool sameWeights(Quantity& quantity, const TensorMap& got, const TensorMap& wanted) {
  bool complete = true;
  for (const auto& [name, tensor] : wanted) {
    const auto found = got.find(name);
    const bool there = found != got.end() && found->second.shape == tensor.shape;
    quantity.addExact(name + " is there, in its shape", there, 1);
    complete &= there;
    if (!there) continue;
    const at::Tensor difference = toTorch(found->second) - toTorch(tensor);
    quantity.addExact(name, difference.abs().max().item<double>(), 0);
  }
  for (const auto& entry : got)
    if (wanted.count(entry.first) == 0) quantity.unknown(entry.first);
  return complete;
}

/// The model that the file is taken for, without being told more than what no tensor shows: the width of a
/// head.
void checkDetection(const std::string& name, const std::string& path, const ModelConfig& wanted,
                    Report& report) {
  const ModelConfig got = readCheckpointInfo(path, wanted.headDim).config.model;
  Quantity quantity(report, name + " model from shapes");
  const auto same = [&](const char* what, int ours, int theirs) { quantity.addExact(what, ours, theirs); };
  same("encoder", static_cast<int>(got.encoder), static_cast<int>(wanted.encoder));
  same("image size", got.imageSize.width, wanted.imageSize.width);
  same("width", got.embedDim, wanted.embedDim);
  same("head width", got.headDim, wanted.headDim);
  same("depths", got.depths == wanted.depths, 1);
  const Plan ours = planOf(got), theirs = planOf(wanted);
  for (size_t s = 0; s < std::min(ours.stages.size(), theirs.stages.size()); ++s) {
    const Stage &a = ours.stages[s], &b = theirs.stages[s];
    same("width of a stage", a.dim, b.dim);
    same("hidden width of a stage", a.hidden, b.hidden);
    same("window of a stage", a.blocks.front().window.width, b.blocks.front().window.width);
  }
  same("classes", got.classes, wanted.classes);
}

/// The class scores of the golden file's images, by the plain reference.
at::Tensor referenceLogits(const Golden& golden, const ModelConfig& model, const TensorMap& weights) {
  Tensor images = test::recipeImages(golden.seed(), /*step=*/0, golden.batch(), model.imageSize.width);
  const int shape[] = {golden.batch(), 3, model.imageSize.height, model.imageSize.width};
  const cv::Mat logits = referenceForward(weights, model, cv::Mat(4, shape, CV_32F, images.as<float>()));
  return at::from_blob(logits.data, {logits.rows, logits.cols}, at::kDouble).clone();
}

}  // namespace

void checkRecipeWeights(const Golden& golden, const std::string& path, Report& report) {
  const Config config = configOf(golden, Task::kPretrain, report);
  checkConfig(golden, config, report);
  Quantity quantity(report, std::filesystem::path(path).stem().string());
  sameWeights(quantity, readSafetensors(path),
              test::recipeWeights(config.model, Task::kPretrain, golden.seed()));
}

void checkClassifierFile(const Golden& golden, const std::string& path, Report& report) {
  const std::string name = std::filesystem::path(path).filename().string();
  const Config config = configOf(golden, Task::kFinetune, report);
  checkDetection(name, path, config.model, report);
  const TensorMap weights = readWeights(path);
  bool complete = false;
  {
    Quantity quantity(report, name + " weights");
    complete =
        sameWeights(quantity, weights, test::recipeWeights(config.model, Task::kFinetune, golden.seed()));
  }
  if (!complete) return;  // a failure already
  report.part(name + " logits", [&] {
    const json::value& wanted = golden.at("logits_first_16_unmixed_images");
    Quantity quantity(report, name + " logits");
    compareRows(quantity, "logits", referenceLogits(golden, config.model, weights), wanted);
  });
}

}  // namespace cv::mixmim::parity
