// The files that training or export may start from: a checkpoint folder, a PyTorch file, plain weights.
#pragma once

#include <string>
#include <vector>

#include "model_io/checkpoints/checkpoint.hpp"

namespace cv::mixmim {

/// The kind of weights at a path, judged by their content whatever its name.
enum class WeightsKind { kCheckpoint, kPth, kSafetensors };

const char* nameOf(WeightsKind kind);  ///< "checkpoint", "pth", "safetensors"

/// Throws Error for anything else, by what it is where that can be seen: a deployed model, a web page.
WeightsKind weightsKindOf(const std::string& path);

/// `path` may be what CheckpointFolder takes, a file of torch.save (see foreign_checkpoint.hpp), or plain
/// safetensors, whose names and dimensions are understood as those of a .pth are; they have no trainer state.
/// Safetensors in several files are named by one of them, by their index, or by the folder that holds it.
/// FILE:NAME chooses among several models of a file, as ForeignCheckpoint does. `headDim` is what its info()
/// takes, for files that do not say which model they hold. Throws Error as those do.
CheckpointInfo readCheckpointInfo(const std::string& path, int headDim = 0);
TensorMap readWeights(const std::string& path);
TrainerState readTrainerState(const std::string& path);

/// The same weights for a model that is known: Error, naming the encoder that the file holds, where it is
/// another family's; and for another program's file of no encoder here, except that a checkpoint may hold
/// what its trainer likes.
TensorMap readWeights(const std::string& path, const ModelConfig& model);

/// The program that wrote the weights: ForeignCheckpoint::source, "mixmim" for a checkpoint of a run.
std::string readSource(const std::string& path);

/// Sentences for people before the weights are used: for a file of another program ForeignCheckpoint::notes,
/// for a run folder the newer checkpoints that are no good.
std::vector<std::string> readNotes(const std::string& path);

}  // namespace cv::mixmim
