// How much memory a training will need, from its settings alone.
#pragma once

#include <cstdint>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Bytes, for a trainer that computes in float32 and keeps what the backward pass needs, as torch_trainer
/// does on the CPU with kernels of its own. An estimate of the most the process has at any time.
struct MemoryEstimate {
  int64_t parameters = 0;  ///< how many numbers are trained
  double weights = 0;      ///< frozen ones included
  double gradients = 0;
  double moments = 0;      ///< two numbers per parameter: AdamW
  double average = 0;      ///< of the weights, with optim.ema
  double activations = 0;  ///< of one batch, with what the heap wastes on them
  double batches = 0;      ///< in flight between pipeline and trainer, 8 bit
  double program = 0;      ///< code and libraries
  double total() const { return program + weights + gradients + moments + average + activations + batches; }
};

/// Throws Error where planOf does.
MemoryEstimate estimateMemory(const Config& config);

}  // namespace cv::mixmim
