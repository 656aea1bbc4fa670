// Activations of a forward pass against descriptions and full tensors of a golden file.
#pragma once

#include <set>
#include <string>

#include "model/plan.hpp"
#include "network/layers.hpp"
#include "tests/parity/compare.hpp"

namespace cv::mixmim::parity {

/// Whether tokens become fewer by merging.
inline bool merges(const Plan& plan) {
  return plan.stages.back().narrowing == Narrowing::kMerged;
}

/// Compares what it is shown with whatever the file has under that name: a description, the full tensor, and
/// parts of it (".image0", ".image_last", ".cells0to3").
class Activations {
 public:
  /// `full`, of the tensors, may be `descriptions`.
  Activations(const Golden& golden, Quantity& descriptions, Quantity& full)
      : golden_(golden), descriptions_(descriptions), full_(full) {}

  /// Something that the file should have.
  void show(const std::string& name, const at::Tensor& value);
  /// Something that it may have.
  void offer(const std::string& name, const at::Tensor& value) { compare(name, value); }
  /// Shows what a forward pass through the encoder traces, under the names of the file: tokens that come from
  /// merging are the ".out" of the stage before, and where every stage has a norm its ".blocks" are behind
  /// it. What merges has its first tokens under "patch_embed", to be shown apart, and may have the last
  /// stage's ".blocks" again as its ".out".
  Trace trace(const Plan& plan);
  /// After the last one: what the file has and nobody showed is an error.
  void finish();

 private:
  bool compare(const std::string& name, const at::Tensor& value);

  const Golden& golden_;
  Quantity &descriptions_, &full_;
  std::set<std::string> compared_;  // names in the files
};

}  // namespace cv::mixmim::parity
