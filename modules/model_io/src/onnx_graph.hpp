// The fine-tuning model as an ONNX graph that every OpenCV since 4.5.5, onnxruntime and OpenVINO run
// (docs/deploy.md).
#pragma once

#include "model_io/onnx_builder.hpp"
#include "opencv2/mixmim/config.hpp"
#include "opencv2/mixmim/tensor.hpp"

namespace cv::mixmim {

/// Builds the graph: input "image", N x 3 x S x S, float32, BGR, 0..255 -> output "logits", N x classes.
/// `weights` must have passed checkDeployable (weights_check.hpp).
OnnxBuilder onnxGraph(const TensorMap& weights, const ModelConfig& model);

}  // namespace cv::mixmim
