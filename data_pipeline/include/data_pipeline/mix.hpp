#pragma once

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// Draws which cells of every image of a batch show its partner: of size `cells`, CV_8U, 0 or 1. Among n
/// cells, trunc(n * r) are 1, where r ~ U(maskRatio, maskRatio + maskRatioRange); a uniformly random subset
/// (those with the smallest of n draws). At 7 x 7 and ratio 0.5: 24 of 49. Reuses the memory of `mask`. Draws
/// from `rng` (purpose kMask). Paper section 3.1; official function random_masking.
void drawMask(cv::Size cells, const MixConfig& config, Rng& rng, cv::Mat& mask);

/// Mixes a batch in place: where the mask is 1, image i and image N-1-i exchange their pixels.
///
///   images  N x H x W x 3, CV_8U, continuous; the mask divides them into square cells
///   mask    cells, CV_8U
///
/// Mixing twice restores the images. With N odd the middle image is its own partner and stays. Equals mixing
/// tokens after patch embedding, because a cell holds whole patches. Throws Error when the shapes do not fit.
void mixPairs(cv::Mat& images, const cv::Mat& mask);

}  // namespace cv::mixmim
