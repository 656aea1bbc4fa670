// A frozen encoder with a linear classifier on top, as one deployable file.
#pragma once

#include <string>
#include <vector>

#include "evaluation/linear_probe.hpp"
#include "model_io/onnx/export.hpp"

namespace cv::mixmim {

/// Writes the encoder of the checkpoint `init` with `head` as its classifier. Throws Error where exportOnnx
/// does.
ExportReport exportLinearHead(const std::string& out, const std::string& init, const LinearClassifier& head,
                              const std::vector<std::string>& labels);

}  // namespace cv::mixmim
