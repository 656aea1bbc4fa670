// Which model the constants of an exported graph are.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// The model of a file of format 1, which does not say it: one of MixMIM's own encoder, for pictures of
/// `inputSize` px. Sizes are those of `constants` (names: constants.hpp); what a network does not show keeps
/// its default, and `name` is empty. The constants may be hostile. Throws Error, with `where`, for a missing
/// one, for shapes that are none of a model of that size.
ModelConfig modelOfConstants(const TensorMap& constants, cv::Size inputSize, const std::string& where);

}  // namespace cv::mixmim
