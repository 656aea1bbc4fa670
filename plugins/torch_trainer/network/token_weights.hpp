// Convolutions of tokens as products: a row holds the tokens under the kernel side by side, and the weight is
// brought into their order.
#pragma once

#include <ATen/ATen.h>

#include "network/layers.hpp"

namespace cv::mixmim {

/// A convolution's weight, C x inputs x side x side, as the matrix C x (side * side * inputs) for rows that
/// hold whole tokens in some order.
using WeightOrder = at::Tensor (*)(const at::Tensor& weight);
at::Tensor rowByRow(const at::Tensor& weight);  ///< tokens row by row
at::Tensor overRuns(const at::Tensor& weight);  ///< in the order of a quad-tree; side is a power of 2

/// `count` tokens that follow each other, side by side: B x L x C -> B x (L / count) x (count * C). No copy.
at::Tensor runsOf(const at::Tensor& x, int64_t count);

/// rows: ... x (side * side * inputs) -> ... x C.
at::Tensor productOver(const at::Tensor& rows, const Linear& convolution, WeightOrder order);

}  // namespace cv::mixmim
