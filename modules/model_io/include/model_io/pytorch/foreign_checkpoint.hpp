// Weights of other programs: files of MixMIM, Swin, PVT, PVTv2 and Twins by the official code, mmpretrain,
// timm and SimMIM, and plain state dicts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/pth/pth.hpp"

namespace cv::mixmim {

enum class Program;
struct ModelPlace;

/// A .pth file seen through our names. Its weights may stand in any dictionary of it, under any wrapper that
/// their names share ("module.", "_orig_mod.", "model.backbone."). Among several models `key` chooses by the
/// name of the dictionary or wrapper ("model_ema"); without it, averages are passed over where there are
/// other weights. Throws Error for a file that PthFile refuses, for one without weights or with a choice that
/// is left open, and, by the encoder's name, for one whose encoder is known and not supported.
class ForeignCheckpoint {
 public:
  explicit ForeignCheckpoint(const std::string& path, const std::string& key = "")
      : ForeignCheckpoint(PthFile(path), key) {}
  explicit ForeignCheckpoint(PthFile file, const std::string& key = "");

  /// Settings: those of the file where we wrote it, else the defaults of the task with the dimensions that
  /// the tensors have. The model must be complete, else Error. Class names: ours and mmpretrain's; empty in
  /// official files. Step and epoch as far as the file says them. `headDim` is the width of attention heads
  /// for a model whose tensors do not show it and whose sizes have no name; 0 = not known, then Error.
  CheckpointInfo info(int headDim = 0) const;

  /// Official names, row-major, numbers in float32. Names that no model has stay as they are; buffers, which
  /// follow from the dimensions, and SimMIM's decoder are left out.
  TensorMap weights() const;

  /// The same with the optimiser's state, for training to go on exactly. Files with official names only: the
  /// parameters are numbered in the order of the file's own model. Throws Error where groups or moments are
  /// not those of that model here, or missing.
  TrainerState state() const;

  /// The program that wrote the weights: "official", "mmpretrain", "timm", "SimMIM"; "mixmim" for our own.
  /// Twins has the same names in the official code and in timm, which counts as official.
  std::string source() const;

  /// Sentences for people about the file: objects and weights that were passed over, which of several
  /// models is used, differences that its model had.
  std::vector<std::string> notes() const;

 private:
  using Named = std::pair<std::string, const PthTensor*>;

  void collect(const PthDict& dict, const std::vector<ModelPlace>& places);
  void keep(const std::vector<std::string>& names, const std::vector<const PthTensor*>& tensors);

  PthFile file_;
  Program program_{};           ///< whose names the file has
  bool averaged_ = false;       ///< whether the weights are an average, which no optimizer belongs to
  std::vector<Named> tensors_;  ///< official names, in the order of the file
  std::vector<std::string> notes_;
};

/// The tensors of any other file under our names, in the order of numbers and the type that ForeignCheckpoint
/// gives. What that leaves out is left out here too, and `key` chooses as there. Throws Error, with `where`,
/// as ForeignCheckpoint does.
TensorMap officialWeights(const TensorMap& theirs, const std::string& where, const std::string& key = "");

/// The shapes of those tensors, without a copy of their numbers.
std::map<std::string, std::vector<int64_t>> officialShapes(const TensorMap& theirs, const std::string& where,
                                                           const std::string& key = "");

/// The same about such tensors as ForeignCheckpoint::source about its own.
std::string sourceOf(const TensorMap& theirs, const std::string& where, const std::string& key = "");

/// The same about such tensors as ForeignCheckpoint::notes about its own.
std::vector<std::string> notesAbout(const TensorMap& theirs, const std::string& where,
                                    const std::string& key = "");

/// What a .pth file holds beside the weights.
enum class PthContent { kWeights, kWeightsAndOptimizer };

/// Writes the layout of the official code: {"model": ...} with its complete set of names (index buffers
/// included), and on request "optimizer" and "epoch"; beside them "mixmim_config" (JSON) and "labels".
/// torch.load(weights_only=True) reads it. Throws Error where PthWriter does and where `state` lacks a
/// parameter or moment.
void writeOfficialPth(const std::string& path, const TrainerState& state, const CheckpointInfo& info,
                      PthContent content);

}  // namespace cv::mixmim
