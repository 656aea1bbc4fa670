#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "flow/pool.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "targets/target_reader.hpp"

namespace cv::mixmim {

/// One image on its way into a slot of a batch: what the feeder knows, and what the worker found.
struct SampleJob {
  int64_t index = 0;                         ///< data set index; after the work, of the image really used
  int64_t position = 0;                      ///< in the epoch
  Pool<std::vector<uint8_t>>::Loan bytes{};  ///< the encoded file
  std::string readError;                     ///< why `bytes` could not be read, or ""
  Erasure erasure{};                         ///< empty box = none
  bool filled = false;                       ///< the slot holds an image
};

/// A batch in work. The feeder fills in everything but the pixels; `pending` counts the workers still to
/// come.
struct RingBatch {
  Batch batch;
  int64_t epoch = 0;
  int64_t sequence = 0;         ///< place in the stream
  std::vector<SampleJob> jobs;  ///< one per slot
  std::atomic<int> pending{0};

  /// New jobs for these images, the first of them at `position` of the epoch.
  void assign(const std::vector<int64_t>& indices, int64_t position);

  /// After the work: moves the filled slots and their targets to the front, keeping their order, and sets
  /// count, samples and erasures.
  void collect(const TargetReader& targets);
};

}  // namespace cv::mixmim
