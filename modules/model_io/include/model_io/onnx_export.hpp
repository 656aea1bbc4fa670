// Weights to one deployable .onnx, without LibTorch and without Python.
#pragma once

#include <cstdint>
#include <string>

#include "model_io/deployed_model.hpp"
#include "opencv2/mixmim/config.hpp"
#include "opencv2/mixmim/tensor.hpp"

namespace cv::mixmim {

struct ExportReport {
  int64_t bytes = 0;     ///< size of the file
  cv::Mat goldenOutput;  ///< 1 x classes: the plain forward pass of the weights on the golden picture
};

/// Writes `path` (temporary name, sync, rename). `weights` are those of a fine-tuning model of the given
/// dimensions with official names; `about` supplies labels, evalCrop and facts, the rest of it is filled in.
/// Normalisation, 0..255 range and BGR order are folded into the patch embedding. The golden output comes
/// from an independent plain forward pass (reference_forward.hpp), not from the exported graph. Throws Error
/// for missing or misshapen weights (all of them are named), a file above 2 GiB, or a failing disk.
ExportReport exportOnnx(const std::string& path, const TensorMap& weights, const ModelConfig& model,
                        DeployedModel about);

}  // namespace cv::mixmim
