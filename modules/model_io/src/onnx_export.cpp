#include "model_io/onnx_export.hpp"

#include <fmt/format.h>

#include "golden_picture.hpp"
#include "model_io/atomic_file.hpp"
#include "model_io/parameters.hpp"
#include "model_io/reference_forward.hpp"
#include "onnx_folding.hpp"
#include "onnx_graph.hpp"
#include "opencv2/mixmim/error.hpp"
#include "weights_check.hpp"

namespace cv::mixmim {

namespace {

/// Where the config leaves the number of classes open, the weights say it.
ModelConfig withClasses(ModelConfig model, const TensorMap& weights) {
  const auto bias = weights.find("head.bias");
  if (model.classes == 0 && bias == weights.end())
    throw Error("weights", "expected a classifier (head.weight, head.bias), got none",
                "fine-tune the model before exporting it");
  if (model.classes == 0) model.classes = static_cast<int>(bias->second.elements());
  return model;
}

/// Before any work: a model that cannot fit into one file.
void checkSize(const ModelConfig& model) {
  int64_t numbers = 0;
  for (const Parameter& parameter : parameters(model, Task::kFinetune)) {
    int64_t product = 1;
    for (int64_t side : parameter.shape) product *= side;
    numbers += product;
  }
  if (numbers > OnnxBuilder::kLargestFile / 4)
    throw Error("export",
                fmt::format("model {} has {} parameters, expected at most {} (one ONNX file holds 2 GiB)",
                            model.name, numbers, OnnxBuilder::kLargestFile / 4),
                "export a smaller model");
}

void checkLabels(const DeployedModel& about, int classes) {
  if (!about.labels.empty() && static_cast<int>(about.labels.size()) != classes)
    throw Error("labels", fmt::format("expected {}, one per class, got {}", classes, about.labels.size()));
}

cv::Mat finalAffine(const TensorMap& weights) {
  const Affine norm = affineOf(weights, "norm");
  cv::Mat rows;
  rows.push_back(norm.gain.reshape(1, 1));
  rows.push_back(norm.bias.reshape(1, 1));
  rows.convertTo(rows, CV_32F);
  return rows;
}

/// Fills in what only the exporter knows: the test picture, and the answer of the plain forward pass.
void addGolden(DeployedModel& about, const TensorMap& weights, const ModelConfig& model) {
  about.inputSize = model.imageSize;
  about.head = "logits";
  about.goldenInput = goldenPicture(model.imageSize);
  referenceLogits(weights, model, about.goldenInput).convertTo(about.goldenOutput, CV_32F);
  if (!cv::checkRange(about.goldenOutput))
    throw Error("export", "the model's answer to the test picture, expected finite numbers, got others",
                "the weights are too large to be used");
}

}  // namespace

ExportReport exportOnnx(const std::string& path, const TensorMap& weights, const ModelConfig& model,
                        DeployedModel about) {
  const ModelConfig full = withClasses(model, weights);
  checkSize(full);
  checkDeployable(weights, full);
  checkLabels(about, full.classes);
  AtomicFile file(path);  // a place that cannot be written is said before the work

  OnnxBuilder net = onnxGraph(weights, full);
  about.graphHash = net.graphHash();
  addGolden(about, weights, full);
  about.featureAffine = finalAffine(weights);
  for (const auto& [key, value] : metadataOf(about)) net.metadata(key, value);

  net.write([&](const void* data, size_t size) { file.write(data, size); });
  file.commit();
  return {net.byteSize(), about.goldenOutput};
}

}  // namespace cv::mixmim
