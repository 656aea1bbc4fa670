#pragma once

#include <string>

#include <opencv2/dnn.hpp>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// The network of an exported file, made of the layers of fused_layers.hpp. The file's constants say all
/// there is to know: names and shapes are those the exporter gives them
/// (modules/model_io/src/onnx/graph.cpp). Input "image" as in the file; output of the last layer: the scores;
/// "pool": the features before them.
///
/// `int8`: all linear layers but the patch embedding and the classifier multiply 8-bit numbers.
///
/// Throws Error naming `where` and the constant for anything else. The constants are no longer needed
/// afterwards.
cv::dnn::Net fusedNetwork(const TensorMap& constants, const std::string& where, bool int8 = false);

}  // namespace cv::mixmim
