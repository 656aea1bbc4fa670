// The parts of the comparison; each prints its lines into the report. All throw Lacking where a golden file
// has not even what the rest needs.
#pragma once

#include <set>
#include <string>

#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

void checkPretraining(const Golden& golden, Report& report);
void checkFinetuning(const Golden& golden, Report& report);
/// X_checkpoint.pth, written by the published program in the middle of the training that X_pretrain
/// describes: what is in it, and that training goes on from it.
void checkResuming(const Golden& golden, const std::string& path, Report& report);
/// X_weights.safetensors: all parameters of X_pretrain's model, as the recipe makes them.
void checkRecipeWeights(const Golden& golden, const std::string& path, Report& report);
/// X_official.pth, X_timm.safetensors: X_finetune's weights before training as other programs store them. The
/// model, the weights and the logits from them.
void checkClassifierFile(const Golden& golden, const std::string& path, Report& report);

/// Models of a folder whose files name their encoder.
struct Models {
  std::set<std::string> known, unknown;  ///< to this build
};
/// extras.json and extras.safetensors: embeddings, indices, interpolation, the recipe itself, and entries of
/// models, except of unknown ones.
void checkExtras(const Golden& golden, const std::string& folder, const Models& models, Report& report);

/// An entry X.WHAT of extras.json.
struct ModelEntry {
  std::string name;
  const json::value& entry;
  Golden model;  ///< X_finetune
  uint64_t seed;
};
/// X.384 and other sizes; X.small_numbers.
void checkModelEntry(const ModelEntry& extra, Report& report);

}  // namespace cv::mixmim::parity
