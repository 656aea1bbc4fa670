// A picture for people: what a pretrained model makes of the hidden halves.
#pragma once

#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {

/// A row per pair of `pictures` (a batch not yet mixed): image A, image B, their mixture, A and B as
/// reconstructed from it, under titles; 8 bit, BGR. An odd picture is paired with itself. The mask is
/// Rng(maskSeed, 0, 0, kMask), so the same call shows the same cells. Changes nothing in the trainer.
/// Pretraining only.
cv::Mat reconstructionSheet(Trainer& trainer, const Batch& pictures, uint64_t maskSeed);

}  // namespace cv::mixmim
