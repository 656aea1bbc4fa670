// Whatever training or export may start from: a checkpoint folder, a .pth file, a plain file of weights.
#pragma once

#include <string>

#include "model_io/checkpoints/checkpoint.hpp"

namespace cv::mixmim {

/// `path` may be what CheckpointFolder takes, a .pth file (see foreign_checkpoint.hpp), or for readWeights a
/// plain .safetensors file. Throws Error as those do.
CheckpointInfo readCheckpointInfo(const std::string& path);
TensorMap readWeights(const std::string& path);
TrainerState readTrainerState(const std::string& path);

}  // namespace cv::mixmim
