#include "compute/patches.hpp"

#include <cmath>

namespace cv::mixmim {

at::Tensor patchify(const at::Tensor& images, int64_t stride) {
  const int64_t cells = images.size(1) / stride;
  return images.reshape({-1, cells, stride, cells, stride, 3})
      .transpose(2, 3)
      .reshape({-1, cells * cells, stride * stride * 3});
}

at::Tensor unpatchify(const at::Tensor& patches, int64_t stride) {
  const auto cells = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(patches.size(1)))));
  return patches.reshape({-1, cells, cells, stride, stride, 3})
      .transpose(2, 3)
      .reshape({-1, cells * stride, cells * stride, 3});
}

PatchStatistics patchStatistics(const at::Tensor& patches) {
  const at::Tensor mean = patches.mean(-1, /*keepdim=*/true);
  // Two passes: LibTorch's var works number by number.
  const at::Tensor squares = (patches - mean).square_().sum(-1, /*keepdim=*/true);
  return {mean, (squares / static_cast<double>(patches.size(-1) - 1) + kPatchEps).sqrt()};
}

}  // namespace cv::mixmim
