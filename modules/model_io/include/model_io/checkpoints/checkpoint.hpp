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
  double best = -1;             ///< headline of the best validation so far (top-1 or mAP), -1 = none
  int64_t bestStep = -1;        ///< the checkpoint that had it; -1 = none, or an older file does not say
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
  /// `path` may be the checkpoint folder, a file in it, a run folder (its newest good checkpoint), or the
  /// names checkpoints/last and checkpoints/best in one, be they there or not. Throws Error for anything
  /// missing, truncated, damaged or mixed up, naming the file and the tensor; so do the others.
  explicit CheckpointFolder(const std::string& path);

  const std::string& folder() const { return folder_; }  ///< the checkpoint that the path means
  const CheckpointInfo& info() const { return info_; }
  /// Newer checkpoints of a run folder that are no good, each with the reason.
  const std::vector<std::string>& passedOver() const { return passedOver_; }
  TensorMap weights() const;
  TrainerState state() const;  ///< Error where the checkpoint holds weights alone
  void verify() const;         ///< reads every byte and checks it against its hash, in constant memory

 private:
  std::string path_;                     // as given
  std::vector<std::string> passedOver_;  // before folder_, which is chosen with it
  std::string folder_;
  CheckpointInfo info_;
  CheckpointMembers members_;
};

/// The checkpoint at such a path, verified. Throws as the class above.
CheckpointInfo verifyCheckpoint(const std::string& path);

/// Whether looking for checkpoints puts back one whose replacement was interrupted, or changes nothing.
enum class Repair { kPutBack, kLookOnly };

// Note [Last and best]. The names `last` and `best` beside the step-* folders are for people: which
// checkpoint is the newest, their steps say, and which is the best, state.json of the newest says. So nothing
// depends on symbolic links, which some disks, archives and clouds do not keep, or turn into folders. Such
// folders count as checkpoints of the run, because they may be the only copy.

/// The checkpoint of a run folder with the most steps that is complete and passes its hashes; "" where the
/// run has none. Those passed over on the way are appended to `skipped`, with the reason. Throws Error,
/// naming each with its reason, where there are checkpoints and none is good.
std::string newestCheckpoint(const std::string& runFolder, std::vector<std::string>* skipped,
                             Repair repair = Repair::kPutBack);

/// The same for whoever loads it and so verifies it anyway: `last` is taken as it is where it is a link to
/// the step-* folder with the highest number, as a run leaves it.
std::string checkpointToRead(const std::string& runFolder, std::vector<std::string>* skipped);

/// The best checkpoint of a run folder, or "" where none was validated.
std::string bestCheckpoint(const std::string& runFolder);

/// Points the relative symbolic link `<folder's parent>/<name>` at `folder`, atomically ("last", "best"). A
/// checkpoint or an empty folder of that name makes room. Throws Error where another folder is in the way, or
/// the file system has no links.
void linkCheckpoint(const std::string& folder, const std::string& name);

/// Removes all but the newest `keep` step-* checkpoints of a run, never the best, nor one that `last` or
/// `best` points to. Only for the process that writes the run. Throws Error.
void pruneCheckpoints(const std::string& runFolder, int keep);

/// Removes what killed processes have left in a run folder. Only where no other process writes the run,
/// because its unfinished checkpoint looks the same. Throws Error.
void removeLeftOvers(const std::string& runFolder);

}  // namespace cv::mixmim
