// Targets and losses of fine-tuning, and normalised images as pixels again.
#pragma once

#include <ATen/ATen.h>

#include "opencv2/mixmim/train/batch.hpp"

namespace cv::mixmim {

/// The inverse of normalise(), clamped and rounded to uint8. B x S x S x 3 stays.
at::Tensor denormalise(const at::Tensor& images);

/// Fills the boxes of normalised images with N(0, 1) noise of each key, in place: the same noise on every
/// device.
void eraseBoxes(at::Tensor& images, const std::vector<Erasure>& erasures);

/// Mixup or cutmix of normalised images with image B-1-i, as the batch says.
at::Tensor mixImages(const at::Tensor& images, const Mixture& mixture);
/// Smoothed one-hot targets of the mixture, B x classes.
at::Tensor mixTargets(const at::Tensor& labels, int64_t classes, double smoothing, const Mixture& mixture);
/// Mean over the batch of -sum(target * log softmax(logits)).
at::Tensor softCrossEntropy(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace cv::mixmim
