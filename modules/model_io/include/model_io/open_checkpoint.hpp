// The files that training or export may start from: a checkpoint folder, a .pth file, a plain file of
// weights.
#pragma once

#include <string>

#include "model_io/checkpoints/checkpoint.hpp"

namespace cv::mixmim {

/// `path` may be what CheckpointFolder takes, a .pth file (see foreign_checkpoint.hpp), or a plain
/// .safetensors file, whose names and dimensions are understood as those of a .pth are; it has no trainer
/// state. Throws Error as those do.
CheckpointInfo readCheckpointInfo(const std::string& path);
TensorMap readWeights(const std::string& path);
TrainerState readTrainerState(const std::string& path);

/// The same weights for a model that is known: Error, naming the encoder that the file holds, where it is
/// another family's.
TensorMap readWeights(const std::string& path, const ModelConfig& model);

}  // namespace cv::mixmim
