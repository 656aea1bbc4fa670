// Targets and losses of pretraining and fine-tuning.
#pragma once

#include <ATen/ATen.h>

#include "opencv2/mixmim/batch.hpp"
#include "opencv2/mixmim/geometry.hpp"

namespace cv::mixmim {

/// The inverse of normalise(), clamped and rounded to uint8. B x S x S x 3 stays.
at::Tensor denormalise(const at::Tensor& images);

/// B x S x S x 3 -> B x L x (stride * stride * 3), one row per mask cell; pixel row, pixel column, channel.
/// And back.
at::Tensor patchify(const at::Tensor& images, int64_t stride);
at::Tensor unpatchify(const at::Tensor& patches, int64_t stride);

/// What every mixture does not show, patch by patch in raster order; see hiddenTargets().
inline at::Tensor hiddenPatches(const at::Tensor& mixed, int64_t stride) {
  return patchify(mixed.flip(0), stride);
}

/// What is added to the variance of a patch.
inline constexpr double kPatchEps = 1e-6;

/// Mean and standard deviation of every patch (unbiased variance, + kPatchEps): B x L x 1 each.
struct PatchStatistics {
  at::Tensor mean, deviation;
};
PatchStatistics patchStatistics(const at::Tensor& patches);

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
