// The named model sizes: what `model.name` stands for.
#pragma once

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Fills the dimensions that `model.name` defines; everything else (image size, drop path, ...) stays.
void applyModelPreset(ModelConfig& model);

}  // namespace cv::mixmim
