#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "flow/class_balance.hpp"

namespace cv::mixmim {

/// Which image is shown when: a pure function of (number of images, batch, parts, seed, step), so a run
/// resumes at any step without replaying what came before.
///
/// An optimiser step sees `parts` batches, one after the other in one process (accumulation), at the same
/// time in several, or both: they are neighbours in the order of the epoch, so that it does not matter who
/// takes which.
///
/// Shuffled: every epoch is another uniformly random permutation (Fisher-Yates driven by Philox, purpose
/// kShuffle, keyed by the epoch), and its last incomplete step is dropped. Unshuffled: the order of the
/// source, the last batch may be short. With a ClassBalance the images of an epoch are drawn by it.
///
/// Threads: one at a time, because the order of the current epoch (8 bytes per image) is kept.
class Sampler {
 public:
  /// Throws Error for an empty data set, and when shuffling a data set smaller than one step. `parts` is 1
  /// unshuffled.
  Sampler(int64_t images, int batch, int parts, bool shuffle, uint64_t seed,
          std::optional<ClassBalance> balance = std::nullopt);

  int64_t stepsPerEpoch() const;
  int64_t epochOf(int64_t step) const { return step / stepsPerEpoch(); }
  /// Position of the part's first image in its epoch.
  int64_t positionOf(int64_t step, int part) const {
    return (step % stepsPerEpoch() * parts_ + part) * batch_;
  }

  /// The data set indices of a part's images into `indices`: `batch` of them, fewer only in the last step
  /// unshuffled.
  void assign(int64_t step, int part, std::vector<int64_t>& indices);

 private:
  void shuffle(int64_t epoch);

  int64_t images_;
  int batch_, parts_;
  bool shuffled_;
  uint64_t seed_;
  std::optional<ClassBalance> balance_;
  int64_t epoch_ = -1;          // the epoch order_ is of
  std::vector<int64_t> order_;  // stays empty unshuffled
};

}  // namespace cv::mixmim
