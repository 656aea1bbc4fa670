// The objective of a training: a head over the encoder, its loss and its answers. One class per task.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "compute/transfer.hpp"
#include "network/encoder.hpp"
#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Threads: one at a time. Batches come checked (Trainer's public functions), and their memory may be reused
/// once Transfer::wait() has returned.
class Objective {
 public:
  virtual ~Objective() = default;

  /// The loss of a batch, a scalar on the device that gradients flow from.
  virtual at::Tensor loss(const Batch& batch) = 0;
  /// What the model says of a batch, count rows, as Trainer::answers tells. No gradients.
  virtual Answers answers(const Batch& batch) = 0;
};

/// The objective of config.run.task; all arguments must outlive it.
std::unique_ptr<Objective> makeObjective(const Config& config, const Weights& weights, const Encoder& encoder,
                                         Transfer& transfer);

/// What a classifier sees of the batch's images, which are whole: count x featureDim.
at::Tensor featuresOf(const Encoder& encoder, Transfer& transfer, const Batch& batch);

}  // namespace cv::mixmim
