#include "model_io/open_checkpoint.hpp"

#include <filesystem>

#include "model_io/files/safetensors.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "model_io/pytorch/pth.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/model_from_shapes.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// A .safetensors file that belongs to no checkpoint folder.
bool isPlainFile(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is not there
  return path.extension() == ".safetensors" && fs::is_regular_file(path, ignored) &&
         !isCheckpointFolder(path.parent_path().string());
}

CheckpointInfo infoOfPlainFile(const std::string& path) {
  const Shapes shapes = officialShapes(readSafetensors(path), path);
  CheckpointInfo info;
  info.config = modelFromShapes(shapes, path);
  checkShapes(shapes, info.config, path);
  return info;
}

}  // namespace

CheckpointInfo readCheckpointInfo(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).info();
  if (isPlainFile(path)) return infoOfPlainFile(path);
  return CheckpointFolder(path).info();
}

TensorMap readWeights(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).weights();
  if (isPlainFile(path)) return officialWeights(readSafetensors(path), path);
  return CheckpointFolder(path).weights();
}

TensorMap readWeights(const std::string& path, const ModelConfig& model) {
  TensorMap weights = readWeights(path);
  checkFamily(namesOf(weights), model, path);
  return weights;
}

TrainerState readTrainerState(const std::string& path) {
  if (isPthName(path)) return ForeignCheckpoint(path).state();
  return CheckpointFolder(path).state();
}

}  // namespace cv::mixmim
