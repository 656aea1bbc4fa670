#pragma once

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// F16, BF16 and F64 as F32; every other type as it is.
Tensor toFloat(const Tensor& tensor);

}  // namespace cv::mixmim
