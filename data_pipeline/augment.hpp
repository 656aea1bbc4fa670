#pragma once

#include <opencv2/core.hpp>

#include "opencv2/mixmim/config.hpp"
#include "opencv2/mixmim/random.hpp"

namespace cv::mixmim {

/// RandomResizedCrop's rectangle, as torchvision draws it: up to 10 attempts of area ~ U(scaleMin, scaleMax)
/// of the image and log(width / height) ~ U(log ratioMin, log ratioMax), sides rounded half to even; the
/// first that fits gets a uniform place, top drawn before left. Otherwise the largest centred rectangle whose
/// ratio is in the range. Draws from `rng` (purpose kCrop). `image` is at least 1 x 1; the result lies inside
/// it and is not empty.
cv::Rect drawCrop(cv::Size image, const AugmentConfig& config, Rng& rng);

/// Whether to mirror the image, with probability config.flip. Draws once from `rng` (purpose kFlip).
bool drawFlip(const AugmentConfig& config, Rng& rng);

}  // namespace cv::mixmim
