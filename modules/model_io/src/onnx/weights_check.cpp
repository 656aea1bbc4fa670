#include "onnx/weights_check.hpp"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/parameters.hpp"
#include "model/plan.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "pytorch/foreign_names.hpp"

namespace cv::mixmim {

namespace {

std::string shapeText(DType dtype, const std::vector<int64_t>& shape) {
  return fmt::format("{} {}", fmt::join(shape, "x"), nameOf(dtype));
}

/// What is wrong with one expected parameter, or "".
std::string problemOf(const TensorMap& weights, const Parameter& parameter) {
  const auto found = weights.find(parameter.name);
  const std::string expected = shapeText(DType::kF32, parameter.shape);
  const std::string got =
      found == weights.end() ? "none" : shapeText(found->second.dtype, found->second.shape);
  if (got != expected) return fmt::format("{} expected {}, got {}", parameter.name, expected, got);
  const Tensor& tensor = found->second;
  const cv::Mat values(1, static_cast<int>(tensor.elements()), CV_32F, tensor.bytes.data);
  return cv::checkRange(values) ? "" : parameter.name + " expected finite numbers, got others";
}

bool isLeftover(const std::string& name, const ModelConfig& model) {
  return name == "mask_token" || startsWith(name, "decoder_") || isDerived(name) ||
         (model.classes == 0 && startsWith(name, "head."));
}

[[noreturn]] void refuseEncoder(const std::string& problem) {
  throw Error("weights", "those of another encoder: " + problem, "check the model's encoder");
}

/// The names of the first stage's patches and positions tell most encoders apart: one sentence instead of a
/// list of tensors.
void checkEncoder(const TensorMap& weights, const ModelConfig& model) {
  const Stage first = planOf(model).stages.front();
  const std::string patches = first.embedding + ".proj.weight";
  for (const char* other :
       {"patch_embed.proj.weight", "patch_embed1.proj.weight", "patch_embeds.0.proj.weight"})
    if (weights.count(other) && !weights.count(patches))
      refuseEncoder(fmt::format("expected {}, got {}", patches, other));
  if (!weights.count(patches)) return;
  for (const char* positions : {"absolute_pos_embed", "pos_embed1"}) {
    const auto embedding = weights.find(positions);
    const bool wanted = first.positions == positions, there = embedding != weights.end();
    if (wanted && !there) refuseEncoder(fmt::format("expected {}, got none", positions));
    if (!wanted && there)
      refuseEncoder(fmt::format("expected no {}, got {}", positions,
                                shapeText(embedding->second.dtype, embedding->second.shape)));
  }
}

}  // namespace

void checkDeployable(const TensorMap& weights, const ModelConfig& model) {
  checkEncoder(weights, model);
  std::vector<std::string> problems;
  std::set<std::string> known;
  for (const Parameter& parameter : parameters(model, Task::kFinetune)) {
    known.insert(parameter.name);
    const std::string problem = problemOf(weights, parameter);
    if (!problem.empty()) problems.push_back(problem);
  }
  for (const auto& [name, tensor] : weights)
    if (!known.count(name) && !isLeftover(name, model))
      problems.push_back(
          fmt::format("{} expected none, got {}", name, shapeText(tensor.dtype, tensor.shape)));
  if (!problems.empty())
    throw Error("weights",
                fmt::format("not a {}{} model: {}", model.classes > 0 ? "fine-tuned " : "", model.name,
                            firstFew(problems)),
                model.classes > 0 ? "check the model's dimensions, and fine-tune it before exporting"
                                  : "check the model's dimensions");
}

}  // namespace cv::mixmim
