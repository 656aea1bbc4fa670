// The named model sizes: what `model.name` stands for.
#pragma once

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Fills the dimensions that `model.name` defines, and the drop path of its fine-tuning; everything else
/// stays.
void applyModelPreset(Task task, ModelConfig& model);

}  // namespace cv::mixmim
