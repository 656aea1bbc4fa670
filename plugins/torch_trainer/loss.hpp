// Targets and losses of pretraining and fine-tuning.
#pragma once

#include <ATen/ATen.h>

#include "opencv2/mixmim/batch.hpp"
#include "opencv2/mixmim/geometry.hpp"

namespace cv::mixmim {

/// uint8 RGB -> float32, (x / 255 - mean) / std, in this order. B x S x S x 3 stays.
at::Tensor normalise(const at::Tensor& pixels);
/// The inverse, clamped and rounded to uint8.
at::Tensor denormalise(const at::Tensor& images);

/// B x S x S x 3 -> B x L x (stride * stride * 3), one row per mask cell; pixel row, pixel column, channel.
/// And back.
at::Tensor patchify(const at::Tensor& images, int64_t stride);
at::Tensor unpatchify(const at::Tensor& patches, int64_t stride);

/// What every mixture does not show, patch by patch: the mixture with the same mask and the roles exchanged
/// is the one of the opposite slot, so that nothing has to be unmixed.
inline at::Tensor hiddenPatches(const at::Tensor& mixed, int64_t stride) {
  return patchify(mixed.flip(0), stride);
}

/// Mean and standard deviation of every patch (unbiased variance, + 1e-6): B x L x 1 each.
struct PatchStatistics {
  at::Tensor mean, deviation;
};
PatchStatistics patchStatistics(const at::Tensor& patches);

/// Mean squared error between reconstructed and true patches of the original images, normalised patch by
/// patch if `normPixLoss`. Paper equation 4, official "forward_loss".
at::Tensor reconstructionLoss(const at::Tensor& prediction, const at::Tensor& patches, bool normPixLoss);

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
