// The passes over pixels at both ends of a step: bytes to numbers, images to patches in the order of tokens,
// cells to targets, targets to a loss. On the CPU one pass each; elsewhere LibTorch's operators.
#pragma once

#include <ATen/ATen.h>

namespace cv::mixmim {

/// uint8 RGB -> float32, (x / 255 - mean) / std, in this order. B x S x S x 3 stays.
at::Tensor normalise(const at::Tensor& pixels);

/// B x S x S x 3 -> B x L x (3 * patch * patch): a row (channel, row, column) per patch; token k is patch
/// order[k] of the raster.
at::Tensor patchRows(const at::Tensor& images, int64_t patch, const at::Tensor& order);

/// The pixels that every mixture hides. Nothing has to be unmixed, because the opposite slot (B-1-b) holds
/// the mixture with the same mask and the roles exchanged. B x S x S x 3 -> B x L x (stride * stride * 3), as
/// patchify() gives it; row k is cell order[k]. With `normalised`, every row is (row - mean) / deviation
/// (unbiased variance, + 1e-6).
at::Tensor hiddenTargets(const at::Tensor& mixed, int64_t stride, const at::Tensor& order, bool normalised);

/// Mean of (predicted - targets)^2, a scalar. `targets` may be overwritten.
at::Tensor meanSquaredError(const at::Tensor& predicted, const at::Tensor& targets);

}  // namespace cv::mixmim
