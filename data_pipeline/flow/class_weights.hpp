// Classes that count more alike in the loss than they are frequent.
#pragma once

#include <opencv2/core.hpp>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// One weight per class, 1 x classes, CV_32F, for `share` from 0 (all 1) to 1 (classes count alike); of a
/// class without images: 1.
///
/// One class per image: a class of n images weighs n^-share, times what makes the mean over the images 1.
/// Several labels: having a label that n of N images have weighs ((N - n) / n)^share, because lacking it
/// weighs 1. Throws Error for images without a class.
cv::Mat classWeights(const Source& source, double share);

}  // namespace cv::mixmim
