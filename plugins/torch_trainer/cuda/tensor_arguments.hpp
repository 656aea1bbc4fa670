// Tensors as the kernels' arguments.
#pragma once

#include <ATen/ATen.h>

namespace cv::mixmim::gpu {

inline constexpr int64_t kChannels = 3;

inline const void* from(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr() : nullptr;
}

inline void* to(const at::Tensor& x) {
  return x.defined() ? x.mutable_data_ptr() : nullptr;
}

inline int64_t widthOf(const at::Tensor& x) {
  return x.size(-1);
}

inline int64_t rowsOf(const at::Tensor& x) {
  return x.numel() / x.size(-1);
}

}  // namespace cv::mixmim::gpu
