// A MixMIM model as an ONNX graph that every OpenCV since 4.5.5 (4.5.4 with opset 9), onnxruntime and
// OpenVINO run (docs/deploy.md).
#pragma once

#include "model/output.hpp"
#include "model_io/onnx/builder.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Builds the graph: input "image", N x 3 x S x S, float32, BGR, 0..255 -> the outputs of the head.
/// `weights` must have passed checkDeployable (weights_check.hpp).
OnnxBuilder onnxGraph(const TensorMap& weights, const ModelConfig& model, Head head,
                      const OnnxProfile& profile);

}  // namespace cv::mixmim
