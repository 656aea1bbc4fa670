// From the constants of an exported file to a network of few, large layers.
#pragma once

#include <string>

#include <opencv2/dnn.hpp>

#include "model_io/onnx/deployed_model.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Which model the constants of an exported file are: what the file says, or, where it is of format 1 and
/// does not say it, what their shapes do.
ModelConfig modelOf(const DeployedModel& about, const TensorMap& constants, const std::string& where);

/// The network of an exported file, made of the layers of fused_layers.hpp. `model` says what it is,
/// `constants` are those of the file: names as in model_io/onnx/constants.hpp. Input "image" as in the file;
/// output of the last layer: the scores; "pool": the features before them.
///
/// `int8`: all linear layers but the patch embedding and the classifier multiply 8-bit numbers.
///
/// Throws Error naming `where` and the constant for anything else, and what planOf throws. The constants are
/// no longer needed afterwards.
cv::dnn::Net fusedNetwork(const TensorMap& constants, const ModelConfig& model, const std::string& where,
                          bool int8 = false);

}  // namespace cv::mixmim
