// Models that have a name: the families of encoders in words, and the sizes of modelNames() by their
// dimensions.
#pragma once

#include <optional>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// "MixMIM", "Swin", "PVT", "Twins-SVT", "Twins-PCPVT", "PVTv2".
const char* titleOf(Family family);

/// The named model with the same encoder: family, window, widths, depths, head width and MLP ratios; 0 for
/// the head width fits any. All else is as the task has it by default. None where no name fits.
std::optional<ModelConfig> namedModelLike(const ModelConfig& model, Task task);

}  // namespace cv::mixmim
