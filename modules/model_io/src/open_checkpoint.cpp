#include "model_io/open_checkpoint.hpp"

#include <filesystem>

#include "model_io/files/safetensors.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "model_io/pytorch/pth.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// A .safetensors file that belongs to no checkpoint folder.
bool isPlainFile(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is not there
  return path.extension() == ".safetensors" && fs::is_regular_file(path, ignored) &&
         !isCheckpointFolder(path.parent_path().string());
}

}  // namespace

CheckpointInfo readCheckpointInfo(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).info();
  return CheckpointFolder(path).info();
}

TensorMap readWeights(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).weights();
  return isPlainFile(path) ? readSafetensors(path) : CheckpointFolder(path).weights();
}

TrainerState readTrainerState(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).state();
  return CheckpointFolder(path).state();
}

}  // namespace cv::mixmim
