// The model that `mixmim export` writes, from a checkpoint or untrained, and what is known about it.
#pragma once

#include <string>

#include "model_io/onnx/export.hpp"
#include "terminal/command_line.hpp"

namespace cv::mixmim {

struct ExportedModel {
  Config config;
  TensorMap weights;
  DeployedModel about;  ///< labels, evalView, facts
};

/// The value given for --init (or run.init in a file), or "".
std::string initOf(const CommandLine& line);

/// The model that the line asks for: of the checkpoint --init, interpolated where --model.imageSize differs
/// from its own, or untrained. Whether it fits into one file is checked before its weights are read. Throws
/// Error for a checkpoint that lacks what the head needs, UsageError for dimensions that contradict the
/// checkpoint.
ExportedModel exportedModel(const CommandLine& line, const ExportOptions& options);

}  // namespace cv::mixmim
