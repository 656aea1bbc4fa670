// Settings that a verb takes from a checkpoint, so that the user need not repeat them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model_io/checkpoints/checkpoint.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "terminal/command_line.hpp"

namespace cv::mixmim {

/// A run as the user asked for it.
struct RunRequest {
  Config config;               ///< resolved from `given`
  std::vector<Setting> given;  ///< in order; settings that are not among them may follow the data
  bool followsData = true;     ///< false: a preset was named, which is taken to the letter
};

/// The request of a command line that begins a run or goes on with one. What is not said again is taken from
/// the run that --resume continues (from its config.ini, or from the checkpoint), or else the dimensions of
/// the model from the checkpoint that --init names (or --resume, where that is a PyTorch file), unless
/// the command line or the file names a model.
RunRequest requestOf(const CommandLine& line);

/// Takes the rule of evaluation and its share from the line; a rule without a share has its usual one.
/// UsageError for values that are none.
void takeEvalView(const CommandLine& line, Config& config);

/// The width of attention heads among settings, for files of weights that do not show it; 0 = not given.
int headDimAmong(const std::vector<Setting>& settings);

/// Prints to stderr what people should know before weights are used: the notes on another program's file, and
/// which newer checkpoints of a run folder were passed over.
void sayNotes(const std::string& checkpoint);

/// A trainer holding the weights of a checkpoint, to look at rather than to train: the checkpoint's config,
/// with the device and threads of `run`.
struct LoadedModel {
  CheckpointInfo info;
  std::shared_ptr<Trainer> trainer;
};
LoadedModel loadModel(const std::string& checkpoint, const RunConfig& run);

}  // namespace cv::mixmim
