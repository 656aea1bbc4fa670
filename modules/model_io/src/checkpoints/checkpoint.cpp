#include "model_io/checkpoints/checkpoint.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "checkpoints/checkpoint_names.hpp"
#include "model_io/checkpoints/checkpoint_state.hpp"
#include "model_io/files/atomic_file.hpp"
#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char* kModel = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kState = "state.json";

std::string readText(const std::string& path) {
  constexpr size_t kLargest = 64 << 20;  // labels of a very large data set included
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() > static_cast<std::streamoff>(kLargest)) throw Error(path, "cannot be read");
  std::string text(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0);
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size()))) throw Error(path, "cannot be read");
  return text;
}

/// The checkpoint that the path means as a run folder, or as a name in one that is not there; "" if none.
std::string checkpointOfRun(const fs::path& given, std::vector<std::string>* passedOver) {
  std::error_code ignored;  // what cannot be looked at is not there
  if (fs::is_directory(given / kCheckpoints, ignored)) return checkpointToRead(given.string(), passedOver);
  const fs::path name = withoutSlash(given), folder = name.parent_path();
  if (fs::is_directory(given, ignored) || folder.filename() != kCheckpoints) return {};
  const std::string run = folder.parent_path().string();
  if (name.filename() == kLast) return newestCheckpoint(run, passedOver, Repair::kLookOnly);
  return name.filename() == kBest ? bestCheckpoint(run) : "";
}

/// The checkpoint folder that a path means.
std::string checkpointFolder(const std::string& path, std::vector<std::string>* passedOver) {
  const fs::path given(path);
  std::error_code ignored;
  if (isCheckpointFolder(path)) return path;
  if (fs::is_regular_file(given, ignored) && isCheckpointFolder(given.parent_path().string()))
    return given.parent_path().string();
  if (std::string found = checkpointOfRun(given, passedOver); !found.empty()) return found;
  throw Error(path,
              fs::exists(given, ignored) ? "is not a checkpoint, it has no state.json"
                                         : "there is no such checkpoint",
              "name a checkpoint folder, a file in it, or a run folder");
}

struct State {
  CheckpointInfo info;
  CheckpointMembers members;
};

State readState(const fs::path& folder) {
  const std::string path = (folder / kState).string(), text = readText(path);
  verifyStateText(text, path);
  State state;
  state.info = parseState(text, path, &state.members);
  return state;
}

/// The path of a member that is the one state.json was written with, judged by its header.
std::string memberPath(const fs::path& folder, const char* name, const std::string& identity) {
  const std::string path = (folder / name).string();
  if (safetensorsIdentity(path) != identity)
    throw Error(path, "does not belong to the state.json beside it",
                "the checkpoint is damaged or was put together by hand");
  return path;
}

void writeMembers(const fs::path& folder, const TrainerState& state, const CheckpointInfo& info) {
  const auto write = [&](const char* name, const TensorMap& tensors) {
    const std::string path = (folder / name).string();
    writeSafetensors(path, tensors, {{"format", "pt"}});  // the word that readers of PyTorch's tools ask for
    return safetensorsIdentity(path);
  };
  CheckpointMembers members;
  members.model = write(kModel, state.weights);
  if (!state.optimizer.empty()) members.optimizer = write(kOptimizer, state.optimizer);
  AtomicFile file((folder / kState).string());  // last: without it the folder is not a checkpoint
  file.write(stateText(info, members));
  file.commit();
}

/// Puts a complete folder in the place of `target`. A kill between the two renames leaves the old one under
/// its hidden name, from where usableCheckpoints fetches it back.
void moveInto(const fs::path& complete, const fs::path& target) {
  const fs::path aside = hiddenName(target, kReplaced);
  if (fs::exists(target)) {
    fs::remove_all(aside);
    fs::rename(target, aside);
  }
  fs::rename(complete, target);
  syncFolder(target.parent_path().string());
  fs::remove_all(aside);
}

}  // namespace

void writeCheckpoint(const std::string& folder, const TrainerState& state, const CheckpointInfo& info) {
  const fs::path target = withoutSlash(fs::absolute(folder));
  const fs::path unfinished = hiddenName(target, kUnfinished);
  std::error_code ignored;
  if (fs::exists(target, ignored) && !fs::is_directory(target, ignored))
    throw Error(folder, "the checkpoint cannot be written, a file of that name is in the way");
  try {
    fs::remove_all(unfinished);
    fs::create_directories(unfinished);
    writeMembers(unfinished, state, info);
    moveInto(unfinished, target);
  } catch (const std::exception& e) {
    fs::remove_all(unfinished, ignored);
    throw Error(folder, fmt::format("the checkpoint cannot be written: {}", e.what()),
                "older checkpoints are intact");
  }
}

bool isCheckpointFolder(const std::string& folder) {
  std::error_code ignored;  // what cannot be looked at is not there
  return fs::exists(fs::path(folder) / kState, ignored);
}

CheckpointFolder::CheckpointFolder(const std::string& path)
    : path_(path), folder_(checkpointFolder(path, &passedOver_)) {
  State state = readState(folder_);
  info_ = std::move(state.info);
  members_ = std::move(state.members);
}

TensorMap CheckpointFolder::weights() const {
  return readSafetensors(memberPath(folder_, kModel, members_.model));
}

TrainerState CheckpointFolder::state() const {
  if (members_.optimizer.empty())
    throw Error(path_, "holds weights but no optimiser state",
                "start from it with --init instead of --resume");
  return {weights(), readSafetensors(memberPath(folder_, kOptimizer, members_.optimizer))};
}

void CheckpointFolder::verify() const {
  verifySafetensors(memberPath(folder_, kModel, members_.model));
  if (!members_.optimizer.empty()) verifySafetensors(memberPath(folder_, kOptimizer, members_.optimizer));
}

CheckpointInfo verifyCheckpoint(const std::string& path) {
  const CheckpointFolder checkpoint(path);
  checkpoint.verify();
  return checkpoint.info();
}

}  // namespace cv::mixmim
