// Settings that a verb takes from a checkpoint, so that the user need not repeat them.
#pragma once

#include <memory>
#include <string>

#include "model_io/checkpoints/checkpoint.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "terminal/command_line.hpp"

namespace cv::mixmim {

/// The resolved config of a run that may start from weights: the dimensions of the model are those of the
/// checkpoint that --init names (or --resume, where that is a .pth file), unless the command line or the file
/// names a model. A plain .safetensors says nothing about dimensions.
Config configWithModelOf(const CommandLine& line);

/// Prints to stderr what people should know about a .pth file before its weights are used. Nothing for other
/// checkpoints.
void sayNotes(const std::string& checkpoint);

/// A trainer holding the weights of a checkpoint, to look at rather than to train: the checkpoint's config,
/// with the device and threads of `run`.
struct LoadedModel {
  CheckpointInfo info;
  std::shared_ptr<Trainer> trainer;
};
LoadedModel loadModel(const std::string& checkpoint, const RunConfig& run);

}  // namespace cv::mixmim
