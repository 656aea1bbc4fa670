// Images as rows of pixels, one row per mask cell, and the statistics of a row.
#pragma once

#include <ATen/ATen.h>

#include <opencv2/core/types.hpp>

namespace cv::mixmim {

/// B x H x W x 3 -> B x L x (stride * stride * 3), one row per mask cell; pixel row, pixel column, channel.
/// And back.
at::Tensor patchify(const at::Tensor& images, int64_t stride);
at::Tensor unpatchify(const at::Tensor& patches, int64_t stride, cv::Size cells);

/// The pixels that every mixture hides, patch by patch in raster order; see hiddenTargets().
inline at::Tensor hiddenPatches(const at::Tensor& mixed, int64_t stride) {
  return patchify(mixed.flip(0), stride);
}

/// Added to the variance of a patch.
inline constexpr double kPatchEps = 1e-6;

/// Mean and standard deviation of every patch (unbiased variance, + kPatchEps): B x L x 1 each.
struct PatchStatistics {
  at::Tensor mean, deviation;
};
PatchStatistics patchStatistics(const at::Tensor& patches);

}  // namespace cv::mixmim
