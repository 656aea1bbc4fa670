#include "model_io/open_checkpoint.hpp"

#include <filesystem>

#include "checkpoints/checkpoint_names.hpp"
#include "model_io/files/file_format.hpp"
#include "model_io/files/safetensors.hpp"
#include "model_io/files/safetensors_shards.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/model_from_shapes.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// FILE:NAME in its parts. A file whose own name has the colon wins.
struct WeightsName {
  explicit WeightsName(const std::string& given) : path(given) {
    const size_t colon = given.rfind(':');
    if (formatOf(given) != FileFormat::kMissing || colon == std::string::npos) return;
    const FileFormat format = formatOf(given.substr(0, colon));
    if (format == FileFormat::kMissing || format == FileFormat::kFolder) return;
    path = given.substr(0, colon);
    key = given.substr(colon + 1);
  }

  std::string path, key;
};

[[noreturn]] void refuse(const std::string& path) {
  const std::string sentence = looksLike(path);
  throw Error(path, sentence.empty() ? "is not a file of weights" : sentence,
              "expected a checkpoint folder, a file of torch.save, or safetensors");
}

bool isInCheckpoint(const std::string& path) {
  return isCheckpointFolder(fs::path(path).parent_path().string());
}

TensorMap readTensors(const std::string& path) {
  switch (formatOf(path)) {
    case FileFormat::kFolder:
      return readShards(weightShardsIn(path));
    case FileFormat::kShardIndex:
      return readShards(path);
    default:
      return isShard(path) ? readShards(path) : readSafetensors(path);
  }
}

CheckpointInfo infoOfPlainFile(const WeightsName& file, int headDim) {
  const Shapes shapes = officialShapes(readTensors(file.path), file.path, file.key);
  CheckpointInfo info;
  info.config = modelFromShapes(shapes, file.path, headDim);
  checkShapes(shapes, info.config, file.path);
  return info;
}

WeightsKind kindOf(const std::string& path) {
  switch (formatOf(path)) {
    case FileFormat::kPth:
      if (isShard(path)) refuseShardOfTorch(path);
      return WeightsKind::kPth;
    case FileFormat::kSafetensors:
      return isInCheckpoint(path) ? WeightsKind::kCheckpoint : WeightsKind::kSafetensors;
    case FileFormat::kShardIndex:
      return WeightsKind::kSafetensors;
    case FileFormat::kFolder:
      return isCheckpointFolder(path) || weightShardsIn(path).empty() ? WeightsKind::kCheckpoint
                                                                      : WeightsKind::kSafetensors;
    case FileFormat::kOnnx:
      throw Error(path, "is a deployed model",
                  "training starts from a checkpoint or .pth, and so does export");
    case FileFormat::kMissing:
      return WeightsKind::kCheckpoint;  // which says that there is none
    case FileFormat::kOther:
      if (!isInCheckpoint(path) && !isLastOrBest(path)) refuse(path);
      return WeightsKind::kCheckpoint;
  }
  CV_Error(cv::Error::StsBadArg, "no format");
}

}  // namespace

const char* nameOf(WeightsKind kind) {
  switch (kind) {
    case WeightsKind::kCheckpoint:
      return "checkpoint";
    case WeightsKind::kPth:
      return "pth";
    case WeightsKind::kSafetensors:
      return "safetensors";
  }
  CV_Error(cv::Error::StsBadArg, "no kind of weights");
}

WeightsKind weightsKindOf(const std::string& path) {
  return kindOf(WeightsName(path).path);
}

CheckpointInfo readCheckpointInfo(const std::string& path, int headDim) {
  const WeightsName file(path);
  switch (kindOf(file.path)) {
    case WeightsKind::kPth:
      return ForeignCheckpoint(file.path, file.key).info(headDim);
    case WeightsKind::kSafetensors:
      return infoOfPlainFile(file, headDim);
    case WeightsKind::kCheckpoint:
      break;
  }
  return CheckpointFolder(file.path).info();
}

TensorMap readWeights(const std::string& path) {
  const WeightsName file(path);
  switch (kindOf(file.path)) {
    case WeightsKind::kPth:
      return ForeignCheckpoint(file.path, file.key).weights();
    case WeightsKind::kSafetensors:
      return officialWeights(readTensors(file.path), file.path, file.key);
    case WeightsKind::kCheckpoint:
      break;
  }
  return CheckpointFolder(file.path).weights();
}

TensorMap readWeights(const std::string& path, const ModelConfig& model) {
  TensorMap weights = readWeights(path);
  const std::vector<std::string> names = namesOf(weights);
  if (weightsKindOf(path) != WeightsKind::kCheckpoint) requireFamily(names, path);
  checkFamily(names, model, path);
  return weights;
}

TrainerState readTrainerState(const std::string& path) {
  const WeightsName file(path);
  switch (kindOf(file.path)) {
    case WeightsKind::kPth:
      return ForeignCheckpoint(file.path, file.key).state();
    case WeightsKind::kSafetensors:
      throw Error(file.path, "holds weights but no optimizer state",
                  "start from it with --init instead of --resume");
    case WeightsKind::kCheckpoint:
      break;
  }
  return CheckpointFolder(file.path).state();
}

std::string readSource(const std::string& path) {
  const WeightsName file(path);
  switch (kindOf(file.path)) {
    case WeightsKind::kPth:
      return ForeignCheckpoint(file.path, file.key).source();
    case WeightsKind::kSafetensors:
      return sourceOf(readTensors(file.path), file.path, file.key);
    case WeightsKind::kCheckpoint:
      break;
  }
  return "mixmim";
}

std::vector<std::string> readNotes(const std::string& path) {
  const WeightsName file(path);
  switch (kindOf(file.path)) {
    case WeightsKind::kPth:
      return ForeignCheckpoint(file.path, file.key).notes();
    case WeightsKind::kSafetensors:
      return notesAbout(readTensors(file.path), file.path, file.key);
    case WeightsKind::kCheckpoint:
      break;
  }
  std::vector<std::string> notes;
  const CheckpointFolder folder(file.path);
  for (const std::string& reason : folder.passedOver()) notes.push_back("passed over: " + reason);
  return notes;
}

}  // namespace cv::mixmim
