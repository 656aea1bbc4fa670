#pragma once

#include <cstdint>

#include <opencv2/core.hpp>

#include "data_pipeline/rand_augment.hpp"
#include "data_pipeline/view.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// RandomResizedCrop's rectangle, as torchvision draws it: up to 10 attempts of area ~ U(scaleMin, scaleMax)
/// of the image and log(width / height) ~ U(log ratioMin, log ratioMax), sides rounded half to even; the
/// first that fits gets a uniform place, top drawn before left. Otherwise the largest centred rectangle whose
/// ratio is in the range. Draws from `rng` (purpose kCrop). `image` is at least 1 x 1; the result lies inside
/// it and is not empty.
cv::Rect drawCrop(cv::Size image, const AugmentConfig& config, Rng& rng);

/// Whether to mirror the image, with probability config.flip. Draws once from `rng` (purpose kFlip).
bool drawFlip(const AugmentConfig& config, Rng& rng);

/// Random erasing's rectangle, empty with probability 1 - config.erase: up to 10 attempts of area ~ U(0.02,
/// 1/3) of the image and log(height / width) ~ U(log 0.3, log 1/0.3), sides rounded half to even; the first
/// that is smaller than the image in both directions gets a uniform place. timm's RandomErasing. Draws from
/// `rng` (purpose kErase).
cv::Rect drawErase(cv::Size imageSize, const AugmentConfig& config, Rng& rng);

/// All that is drawn for one training image, in the order in which it is done.
struct Augmentation {
  View view;  ///< its crop in whole pixels
  RandAugment ops;
  Erasure erasure;  ///< slot is left 0
};

/// For image `index` of the data set, of size `image`, in `epoch`: a function of its arguments, so that
/// anyone can tell later what was done.
Augmentation drawAugmentation(uint64_t seed, int64_t index, int64_t epoch, cv::Size image, cv::Size imageSize,
                              const AugmentConfig& config);

}  // namespace cv::mixmim
