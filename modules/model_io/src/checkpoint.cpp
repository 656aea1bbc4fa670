#include "model_io/checkpoint.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "checkpoint_state.hpp"
#include "model_io/atomic_file.hpp"
#include "model_io/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char *kModel = "model.safetensors", *kOptimizer = "optimizer.safetensors",
                     *kState = "state.json";

std::string readText(const std::string& path) {
  constexpr size_t kLargest = 64 << 20;  // labels of a very large data set included
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() > static_cast<std::streamoff>(kLargest)) throw Error(path, "cannot be read");
  std::string text(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0);
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size()))) throw Error(path, "cannot be read");
  return text;
}

/// The checkpoint folder that a path means.
fs::path checkpointFolder(const std::string& path) {
  const fs::path given(path);
  for (const fs::path& folder : {given, given.parent_path(), given / "checkpoints" / "last"})
    if (!folder.empty() && fs::exists(folder / kState)) return folder;
  throw Error(path,
              fs::exists(given) ? "is not a checkpoint, it has no state.json" : "there is no such checkpoint",
              "name a checkpoint folder, a file in it, or a run folder");
}

/// Tensors of one member, checked to be the ones that state.json was written with.
TensorMap readMember(const fs::path& folder, const char* name, const std::string& identity) {
  const std::string path = (folder / name).string();
  if (safetensorsIdentity(path) != identity)
    throw Error(path, "does not belong to the state.json beside it",
                "the checkpoint is damaged or was put together by hand");
  return readSafetensors(path);
}

CheckpointMembers membersOf(const fs::path& folder) {
  CheckpointMembers members;
  const std::string path = (folder / kState).string();
  parseState(readText(path), path, &members);
  return members;
}

void writeMembers(const fs::path& folder, const TrainerState& state, const CheckpointInfo& info) {
  writeSafetensors((folder / kModel).string(), state.weights, {{"format", "mixmim"}});
  writeSafetensors((folder / kOptimizer).string(), state.optimizer, {{"format", "mixmim"}});
  const CheckpointMembers members{safetensorsIdentity((folder / kModel).string()),
                                  safetensorsIdentity((folder / kOptimizer).string())};
  AtomicFile file((folder / kState).string());  // last: without it the folder is not a checkpoint
  file.write(stateText(info, members));
  file.commit();
}

/// Puts a complete folder in the place of `target`; at every moment one of the two is there under its name
/// or, for an instant, the old one under a hidden name.
void moveInto(const fs::path& complete, const fs::path& target) {
  const fs::path aside = target.parent_path() / fmt::format(".{}.old", target.filename().string());
  fs::remove_all(aside);
  if (fs::exists(target)) fs::rename(target, aside);
  fs::rename(complete, target);
  syncFolder(target.parent_path().string());
  fs::remove_all(aside);
}

}  // namespace

void writeCheckpoint(const std::string& folder, const TrainerState& state, const CheckpointInfo& info) {
  const fs::path target = fs::absolute(folder).lexically_normal();
  const fs::path temporary = target.parent_path() / fmt::format(".{}.new", target.filename().string());
  try {
    fs::remove_all(temporary);
    fs::create_directories(temporary);
    writeMembers(temporary, state, info);
    moveInto(temporary, target);
  } catch (const std::exception& e) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error(folder, fmt::format("the checkpoint cannot be written: {}", e.what()),
                "older checkpoints are intact");
  }
}

CheckpointInfo readCheckpointInfo(const std::string& path) {
  const std::string file = (checkpointFolder(path) / kState).string();
  return parseState(readText(file), file);
}

TensorMap readWeights(const std::string& path) {
  const fs::path given(path);
  if (fs::is_regular_file(given) && given.extension() == ".safetensors" &&
      !fs::exists(given.parent_path() / kState))
    return readSafetensors(path);
  const fs::path folder = checkpointFolder(path);
  return readMember(folder, kModel, membersOf(folder).model);
}

TrainerState readTrainerState(const std::string& path) {
  const fs::path folder = checkpointFolder(path);
  const CheckpointMembers members = membersOf(folder);
  return {readMember(folder, kModel, members.model), readMember(folder, kOptimizer, members.optimizer)};
}

}  // namespace cv::mixmim
