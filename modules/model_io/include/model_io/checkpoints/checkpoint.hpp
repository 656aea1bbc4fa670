// A checkpoint is a folder: model.safetensors, optimizer.safetensors, state.json. state.json is written last:
// a folder without it is not a checkpoint.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {

/// Everything about a checkpoint that is not a tensor: the content of state.json.
struct CheckpointInfo {
  Config config;                    ///< resolved
  std::vector<std::string> labels;  ///< class names, in label order
  int64_t step = 0;                 ///< optimiser steps done; the position in the data follows from it
  double epoch = 0;
  std::string dataFingerprint;  ///< of the training source; a run is not resumed on other data
  double bestTop1 = -1;         ///< best validation accuracy so far, -1 = none
};

/// Writes `folder` so that it is either complete or absent: a hidden folder beside it, every member synced,
/// one rename. An existing checkpoint of that name is replaced only after the new one is complete. Without
/// optimiser tensors the result is a checkpoint of weights alone, which readTrainerState refuses. Throws
/// Error (disk full, no permission) after removing the hidden folder; older checkpoints stay as they were.
void writeCheckpoint(const std::string& folder, const TrainerState& state, const CheckpointInfo& info);

/// The identities of a checkpoint's tensor files: safetensorsIdentity of each.
struct CheckpointMembers {
  std::string model;
  std::string optimizer;  ///< "" = weights only, there is no such file
};

/// Whether the folder has the state.json of a checkpoint; nothing is read.
bool isCheckpointFolder(const std::string& folder);

/// A checkpoint folder, of which state.json has been read; its tensors are read when they are asked for.
class CheckpointFolder {
 public:
  /// `path` may be the checkpoint folder, a file in it, or a run folder (its checkpoints/last). Throws Error
  /// for anything missing, truncated, damaged or mixed up, naming the file and the tensor; so do the others.
  explicit CheckpointFolder(const std::string& path);

  const CheckpointInfo& info() const { return info_; }
  TensorMap weights() const;
  TrainerState state() const;  ///< Error where the checkpoint holds weights alone
  void verify() const;         ///< reads every byte and checks it against its hash, in constant memory

 private:
  std::string path_, folder_;  // as given, and the folder it means
  CheckpointInfo info_;
  CheckpointMembers members_;
};

/// The checkpoint at such a path, verified. Throws as the class above.
CheckpointInfo verifyCheckpoint(const std::string& path);

/// Whether looking for checkpoints puts back one whose replacement was interrupted, or changes nothing.
enum class Repair { kPutBack, kLookOnly };

/// The step-* checkpoints of a run folder that are complete and pass their hashes, most steps first. Those
/// passed over are appended to `skipped`, with the reason.
std::vector<std::string> usableCheckpoints(const std::string& runFolder, std::vector<std::string>* skipped,
                                           Repair repair = Repair::kPutBack);

/// Points the relative symbolic link `<folder's parent>/<name>` at `folder`, atomically ("last", "best").
void linkCheckpoint(const std::string& folder, const std::string& name);

/// Removes all but the newest `keep` step-* checkpoints of a run, never one that `last` or `best` points to,
/// and what interrupted writes left behind. Only for the process that writes the run. Throws Error.
void pruneCheckpoints(const std::string& runFolder, int keep);

}  // namespace cv::mixmim
