// Random erasing on the device.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "opencv2/mixmim/train/batch.hpp"

namespace cv::mixmim {

/// Fills boxes of images with N(0, 1) noise that a key and the place in the box decide: the same bits on
/// every device, in every batch. The host draws nothing, because the noise of a large batch would keep it for
/// milliseconds from queueing the step.
class Erasing {
 public:
  explicit Erasing(at::Device device);

  /// `images`: normalised, N x H x W x 3, contiguous; changed in place.
  void operator()(const at::Tensor& images, const std::vector<Erasure>& erasures) const;

  /// Noise is one of so many numbers.
  static constexpr int64_t kQuantiles = 1 << 16;

 private:
  at::Tensor quantiles_;  ///< of the normal distribution, in the middles of kQuantiles equal shares
};

}  // namespace cv::mixmim
