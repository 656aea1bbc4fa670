// Images in, batches out. The stages, in the order of the flow, are the files of this folder:
//   source -> sampler -> decode -> augment -> mix -> batch_ring, tied together here.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/batch.hpp"
#include "opencv2/mixmim/config.hpp"

namespace cv::mixmim {

/// What happens to an image between file and batch.
enum class Recipe { kPretrain, kFinetune, kEval };

/// A file that could not be used. `path` is the file, or shard.tar:offset.
struct BadImage {
  std::string path;
  int64_t offset = 0;
  std::string reason;
  int64_t epoch = 0, position = 0;  ///< where it was wanted
  std::string substitute;           ///< what took its place; empty in evaluation, where the slot is left out
};

/// Times summed over all workers since start, in seconds, and counts.
struct PipelineStats {
  int64_t images = 0, batches = 0, bad = 0;
  double read = 0, decode = 0, resize = 0, augment = 0, mix = 0;  ///< worker seconds per stage
  double waitForBatch = 0;    ///< consumer seconds in next()
  double waitForBuffer = 0;   ///< feeder seconds waiting for a free batch (back-pressure)
  int threads = 0;
};

/// Everything one pipeline needs; `config` supplies [data], [augment], [mix], model geometry, seed and threads.
struct PipelineOptions {
  Config config;
  Recipe recipe = Recipe::kPretrain;
  std::function<cv::Mat(int batch)> allocate;  ///< memory of a batch (Trainer::allocate); empty = ordinary memory
};

/// Streams batches from `source`. Content is a pure function of (seed, step, data set): any number of threads and any ring
/// size give the same bytes. Shuffled recipes drop the last incomplete batch of an epoch; evaluation keeps the order of
/// the source and delivers a last batch with count < capacity.
///
/// Threads: construct, next() and destroy from one consumer thread; stop() from any thread or signal-driven watcher.
/// Memory: config.data.ring batches, allocated once; nothing per image in the steady state.
class Pipeline {
 public:
  /// Returns its batch to the ring when destroyed. Empty at the end of the stream.
  using Lease = std::unique_ptr<const Batch, std::function<void(const Batch*)>>;

  Pipeline(std::shared_ptr<const Source> source, PipelineOptions options);
  ~Pipeline();

  int64_t stepsPerEpoch() const;

  /// Starts streaming the batches of steps [first, last). Evaluation: start(0, stepsPerEpoch()).
  void start(int64_t first, int64_t last);

  /// The next batch, in step order; blocks. Empty after the last or after stop(). Rethrows the first failure of any worker
  /// (too many bad images, for example) once.
  Lease next();

  /// Drains: images in work finish, next() then returns empty.
  void stop();

  PipelineStats stats() const;
  std::vector<BadImage> badImages() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cv::mixmim
