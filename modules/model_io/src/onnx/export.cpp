#include "model_io/onnx/export.hpp"

#include <fmt/format.h>

#include "model/parameters.hpp"
#include "model/plan.hpp"
#include "model/reference_forward.hpp"
#include "model_io/files/atomic_file.hpp"
#include "model_io/onnx/golden_picture.hpp"
#include "onnx/folding.hpp"
#include "onnx/graph.hpp"
#include "onnx/weights_check.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// Where the config leaves the number of classes open, the weights say it. 0 for a head without classes.
ModelConfig withClasses(ModelConfig model, const TensorMap& weights, Head head) {
  const auto bias = weights.find("head.bias");
  if (!hasClasses(head)) model.classes = 0;
  if (!hasClasses(head) || model.classes > 0) return model;
  if (bias == weights.end())
    throw Error("weights", "expected a classifier (head.weight, head.bias), got none",
                "fine-tune the model before exporting it, or export its features or pyramid");
  model.classes = static_cast<int>(bias->second.elements());
  return model;
}

/// Numbers that a block's scores need: one for each pair of tokens of a window and head, and where windows
/// are shifted for every window, because each has its mask.
int64_t scoreNumbers(const Block& block, const Stage& stage) {
  if (!block.biased) return 0;
  return int64_t{stage.heads} * block.windowTokens() *
         (block.shifted() ? stage.tokens() : block.windowTokens());
}

/// Gain and shift of every token, behind patches and behind the norm of a stage before the last.
int64_t affineNumbers(const Stage& stage, bool last) {
  const int affines = (stage.narrowing == Narrowing::kMerged ? 0 : 1) + (last || stage.norm.empty() ? 0 : 1);
  return int64_t{2} * affines * stage.rows() * stage.dim;
}

/// Numbers of the graph's large constants: the parameters, except that gains and positions are stored for
/// every token and bias tables for every pair of tokens.
int64_t numbersOf(const ModelConfig& model) {
  const Plan plan = planOf(model);
  int64_t numbers = 0;
  for (const Parameter& parameter : parameters(model, Task::kFinetune)) {
    if (!parameter.grid.empty()) continue;  // a bias table or a position embedding
    int64_t product = 1;
    for (int64_t side : parameter.shape) product *= side;
    numbers += product;
  }
  for (const Stage& stage : plan.stages) {
    numbers += affineNumbers(stage, &stage == &plan.stages.back());
    for (const Block& block : stage.blocks) numbers += scoreNumbers(block, stage);
  }
  return numbers;
}

void checkLabels(const DeployedModel& about, Head head, int classes) {
  if (about.labels.empty()) return;
  if (!hasClasses(head))
    throw Error("labels",
                fmt::format("expected none for the head {}, got {}", nameOf(head), about.labels.size()));
  if (static_cast<int>(about.labels.size()) != classes)
    throw Error("labels", fmt::format("expected {}, one per class, got {}", classes, about.labels.size()));
}

cv::Mat finalAffine(const TensorMap& weights, const ModelConfig& model) {
  const Affine norm = affineOf(weights, planOf(model).stages.back().norm);
  cv::Mat rows;
  rows.push_back(norm.gain.reshape(1, 1));
  rows.push_back(norm.bias.reshape(1, 1));
  rows.convertTo(rows, CV_32F);
  return rows;
}

/// Fills in what only the exporter knows: the test picture, and the answer of the plain forward pass.
void addGolden(DeployedModel& about, const TensorMap& weights, const ModelConfig& model) {
  about.goldenInput = goldenPicture(model.imageSize);
  goldenAnswer(referenceOutputs(weights, model, about.head, about.goldenInput))
      .convertTo(about.goldenOutput, CV_32F);
  if (!cv::checkRange(about.goldenOutput))
    throw Error("export", "the model's answer to the test picture, expected finite numbers, got others",
                "the weights are too large to be used");
}

}  // namespace

void checkExportSize(const ModelConfig& model, const ExportOptions& options) {
  const int64_t numbers = numbersOf(model);
  const int64_t bytes = numbers * (options.profile.weights == WeightType::kFloat16 ? 2 : 4);
  if (bytes <= OnnxBuilder::kLargestFile) return;
  const bool halfFits =
      bytes / 2 <= OnnxBuilder::kLargestFile && options.profile.weights == WeightType::kFloat32;
  throw Error(
      "export",
      fmt::format("model {} at {} px takes {:.1f} GB as {}, expected at most {:.1f} (one ONNX file)",
                  model.name, sizeText(model.imageSize), static_cast<double>(bytes) / 1e9,
                  nameOf(options.profile.weights), static_cast<double>(OnnxBuilder::kLargestFile) / 1e9),
      halfFits ? "store the weights as float16: --weights fp16" : "export a smaller model");
}

ExportReport exportOnnx(const std::string& path, const TensorMap& weights, const ModelConfig& model,
                        DeployedModel about, const ExportOptions& options) {
  const ModelConfig full = withClasses(model, weights, options.head);
  checkExportSize(full, options);
  checkDeployable(weights, full);
  checkLabels(about, options.head, full.classes);
  AtomicFile file(path);  // a place that cannot be written is said before the work

  about.model = full;
  about.inputSize = full.imageSize;
  about.head = options.head;
  about.weights = options.profile.weights;
  addGolden(about, weights, full);
  if (options.head != Head::kPyramid) about.featureAffine = finalAffine(weights, full);
  OnnxBuilder net = onnxGraph(weights, full, options.head, options.profile);
  about.graphHash = net.graphHash();
  for (const auto& [key, value] : metadataOf(about)) net.metadata(key, value);

  net.write([&](const void* data, size_t size) { file.write(data, size); });
  file.commit();
  return {net.byteSize(), about.goldenOutput};
}

}  // namespace cv::mixmim
