// Targets and losses of fine-tuning, and normalised images as pixels again.
#pragma once

#include <ATen/ATen.h>

#include "opencv2/mixmim/train/batch.hpp"

namespace cv::mixmim {

/// The inverse of normalise(), clamped and rounded to uint8. B x S x S x 3 stays.
at::Tensor denormalise(const at::Tensor& images);

/// Mixup or cutmix of normalised images with image B-1-i, as the batch says.
at::Tensor mixImages(const at::Tensor& images, const Mixture& mixture);
/// Smoothed one-hot targets, B x classes, of classes B: 1 - s + s / classes for the own one, s / classes for
/// the others.
at::Tensor classTargets(const at::Tensor& labels, int64_t classes, double smoothing);
/// The same of several labels, B x classes, 0 or 1: all labels of an image count as the own one.
at::Tensor labelTargets(const at::Tensor& labels, double smoothing);
/// Targets of the mixture, B x classes.
at::Tensor mixTargets(const at::Tensor& targets, const Mixture& mixture);

/// Mean over the batch of -sum(weight * target * log softmax(logits)). `weights`: of the classes; undefined =
/// 1.
at::Tensor softCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                            const at::Tensor& weights = {});
/// Mean over batch and labels of -(weight * target * log p + (1 - target) * log(1 - p)), p = sigmoid(logits):
/// PyTorch's BCEWithLogitsLoss with pos_weight. `weights`: the same.
at::Tensor binaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                              const at::Tensor& weights = {});

}  // namespace cv::mixmim
