#pragma once

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Throws Error unless `weights` hold, in finite float32 numbers, a complete encoder of these dimensions and,
/// where model.classes is not 0, its classifier, and nothing of a larger model. Leftovers of pretraining
/// (decoder, mask token), a classifier that is not asked for, and index buffers are fine. Every offender is
/// named.
void checkDeployable(const TensorMap& weights, const ModelConfig& model);

}  // namespace cv::mixmim
