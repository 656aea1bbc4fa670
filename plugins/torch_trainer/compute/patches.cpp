#include "compute/patches.hpp"

namespace cv::mixmim {

at::Tensor patchify(const at::Tensor& images, int64_t stride) {
  const int64_t rows = images.size(1) / stride, columns = images.size(2) / stride;
  return images.reshape({-1, rows, stride, columns, stride, 3})
      .transpose(2, 3)
      .reshape({-1, rows * columns, stride * stride * 3});
}

at::Tensor unpatchify(const at::Tensor& patches, int64_t stride, cv::Size cells) {
  const int64_t rows = cells.height, columns = cells.width;
  return patches.reshape({-1, rows, columns, stride, stride, 3})
      .transpose(2, 3)
      .reshape({-1, rows * stride, columns * stride, 3});
}

PatchStatistics patchStatistics(const at::Tensor& patches) {
  const at::Tensor mean = patches.mean(-1, /*keepdim=*/true);
  // Two passes, because LibTorch's var works number by number.
  const at::Tensor squares = (patches - mean).square_().sum(-1, /*keepdim=*/true);
  return {mean, (squares / static_cast<double>(patches.size(-1) - 1) + kPatchEps).sqrt()};
}

}  // namespace cv::mixmim
