// Weights to one deployable .onnx, without LibTorch and without Python.
#pragma once

#include <cstdint>
#include <string>

#include "model_io/onnx/deployed_model.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

struct ExportOptions {
  Head head = Head::kLogits;
  OnnxProfile profile;  ///< opset 9: GELU without Erf, for OpenCV 4.5.4; float16 weights: half the file
};

struct ExportReport {
  int64_t bytes = 0;     ///< size of the file
  cv::Mat goldenOutput;  ///< see DeployedModel: the plain forward pass of the weights on the golden picture
};

/// Throws Error, with the way out, for a model that does not fit into one file (2 GiB). Looks at dimensions
/// only, so it can be asked before weights are read.
void checkExportSize(const ModelConfig& model, const ExportOptions& options);

/// Writes `path` (temporary name, sync, rename). `weights` are those of a model of the given dimensions with
/// official names, fine-tuned or, for the heads without classes, also pretrained; `about` supplies labels,
/// evalView and facts, the rest of it is filled in. Normalisation, 0..255 range and BGR order are folded into
/// the patch embedding. The golden output comes from an independent plain forward pass
/// (reference_forward.hpp), not from the exported graph. Memory: beside `weights`, the constants of the file.
/// Throws Error for missing or misshapen weights (all of them are named), labels that do not fit the head,
/// where checkExportSize does, or for a failing disk.
ExportReport exportOnnx(const std::string& path, const TensorMap& weights, const ModelConfig& model,
                        DeployedModel about, const ExportOptions& options = {});

}  // namespace cv::mixmim
