#pragma once

#include "opencv2/mixmim/config.hpp"
#include "opencv2/mixmim/tensor.hpp"

namespace cv::mixmim {

/// Throws Error unless `weights` hold a complete fine-tuning model of these dimensions in finite float32
/// numbers, and nothing of a larger one. Leftovers of pretraining (decoder, mask token) and index buffers are
/// fine. Every offender is named.
void checkDeployable(const TensorMap& weights, const ModelConfig& model);

}  // namespace cv::mixmim
