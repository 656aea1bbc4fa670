// Images in, batches out. The stages, in the order of the flow, are the files of this folder:
//   source -> sampler -> decode -> augment -> mix -> batch_ring, tied together here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "data_pipeline/bad_images.hpp"
#include "data_pipeline/recipe.hpp"
#include "data_pipeline/source.hpp"
#include "data_pipeline/stats.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Everything one pipeline needs; `config` supplies [data], [augment], [mix], model geometry, seed and
/// threads.
struct PipelineOptions {
  Config config;
  Recipe recipe = Recipe::kPretrain;
  /// Memory of a batch (Trainer::allocate); empty = ordinary memory.
  std::function<cv::Mat(int batch)> allocate;
  /// Which of how many processes this is; each takes other batches of the same steps.
  int rank = 0, world = 1;
};

/// Streams batches from `source`. An optimiser step takes config.optim.accumulate of them, which the
/// processes share in order and as evenly as possible: of 5 batches, two processes take 2 and 3. Content is a
/// pure function of (seed, step, place in the step, data set): any number of threads and any ring size give
/// the same bytes, and k processes see what one process sees that accumulates k batches. Shuffled recipes
/// drop the last incomplete batch of an epoch; evaluation keeps the order of the source and delivers a last
/// batch with count < capacity.
///
///   Pipeline pipeline(openSource("photos"), {config, Recipe::kPretrain, allocate});
///   pipeline.start(0, 10 * pipeline.stepsPerEpoch());
///   while (auto batch = pipeline.next()) trainer->step(*batch);
///
/// Threads: construct, start(), next() and destroy from one consumer thread; stop() from any thread (not from
/// a signal handler) at any time; leases may be returned from any thread, even after the pipeline is gone.
/// Memory: config.data.ring batches (at least 2), allocated once; buffers for files and pixels are kept per
/// worker, and only libjpeg and oneTBB allocate per image, a little. Errors: Error. A lease kept while next()
/// is called occupies one batch of the ring.
class Pipeline {
 public:
  /// Returns its batch to the ring when destroyed. Empty at the end of the stream.
  using Lease = std::unique_ptr<const Batch, std::function<void(const Batch*)>>;

  Pipeline(std::shared_ptr<const Source> source, PipelineOptions options);
  ~Pipeline();

  int64_t stepsPerEpoch() const;

  /// Starts streaming the batches of steps [first, last); a stream in progress is stopped first. Any `first`
  /// costs the same: nothing is replayed. Evaluation: start(0, stepsPerEpoch()). `epochZero`: the step at
  /// which epoch 0 begins, or would begin; a run that goes on with another batch size keeps counting its
  /// steps, although its epochs now have more or fewer of them. Not after `first`; may be negative.
  void start(int64_t first, int64_t last, int64_t epochZero = 0);

  /// The next batch, in step order, never one without images; blocks. Empty after the last or after stop().
  /// Rethrows the first failure of any worker (too many bad images, for example) once.
  Lease next();

  /// Drains: images in work finish, next() then returns empty. Does nothing to a stream started later.
  void stop();

  PipelineStats stats() const;
  std::vector<BadImage> badImages() const;                    ///< by epoch and position
  std::vector<BadImage> badImagesFrom(size_t skipped) const;  ///< by finding, without the first `skipped`

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cv::mixmim
