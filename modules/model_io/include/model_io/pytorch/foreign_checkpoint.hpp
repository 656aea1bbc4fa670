// Weights of other programs: MixMIM files of the official code and of mmpretrain, and plain state dicts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/pytorch/pth.hpp"

namespace cv::mixmim {

/// A .pth file seen through our names. Its weights are {"model": {...}} (official, and ours), {"state_dict":
/// {...}} (mmpretrain) or the whole file; a prefix "module." on every name is dropped. Throws Error for a
/// file that PthFile refuses, and for one without weights.
class ForeignCheckpoint {
 public:
  explicit ForeignCheckpoint(const std::string& path) : ForeignCheckpoint(PthFile(path)) {}
  explicit ForeignCheckpoint(PthFile file);

  /// Settings: those of the file where we wrote it, else the defaults of the task with the dimensions that
  /// the tensors have. The model must be complete, else Error. Class names: ours and mmpretrain's; empty in
  /// official files. Step and epoch as far as the file says them.
  CheckpointInfo info() const;

  /// Official names, row-major, numbers in float32. Names that no MixMIM model has stay as they are; index
  /// buffers, which follow from the dimensions, are left out.
  TensorMap weights() const;

  /// The same with the optimiser's state, for training to go on exactly. Official files only: the parameters
  /// are numbered in the order of the file's own model. Throws Error where a moment is missing or does not
  /// fit.
  TrainerState state() const;

  /// What people should know about the file: objects that were passed over, differences that its model had.
  std::vector<std::string> notes() const;

 private:
  using Named = std::pair<std::string, const PthTensor*>;

  void collect(const PthDict& dict);
  Tensor number(const Named& named) const;

  PthFile file_;
  bool mmpretrain_ = false;
  std::vector<Named> tensors_;  ///< official names, in the order of the file
};

/// What a .pth file holds beside the weights.
enum class PthContent { kWeights, kWeightsAndOptimizer };

/// Writes the layout of the official code: {"model": ...} with its complete set of names (index buffers
/// included), and on request "optimizer" and "epoch"; beside them "mixmim_config" (JSON) and "labels".
/// torch.load(weights_only=True) reads it. Throws Error where PthWriter does and where `state` lacks a
/// parameter or moment.
void writeOfficialPth(const std::string& path, const TrainerState& state, const CheckpointInfo& info,
                      PthContent content);

}  // namespace cv::mixmim
