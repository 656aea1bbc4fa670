// Convolutions of tokens by lists of neighbours: depthwise 3 x 3 ones, and the rows that an overlapping patch
// embedding multiplies. Shapes: B images, L tokens, C channels.
//
// In float32 on the CPU the kernels of kernels/convolution.hpp compute them, elsewhere gathers of LibTorch.
// No result depends on the number of threads.
#pragma once

#include <ATen/ATen.h>

namespace cv::mixmim {

/// A depthwise 3 x 3 convolution with padding. x: B x L x C; weight: C x 1 x 3 x 3; bias: C -> B x L x C.
/// `rows`: L x 9, int32, on x's device: the tokens under the taps, row by row; -1 = there is none, and zeros
/// count.
///
/// Neighbours are mutual, as in DepthwiseGradient, because the gradient of x is a gather too: it is the same
/// in every run on any device. Weight and bias may have another type than x; the gradients have theirs.
at::Tensor depthwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     const at::Tensor& rows);

/// Tokens side by side: x: B x L x C; `rows`: N x K, int32, on x's device, -1 = zeros -> B x N x (K * C).
/// Tokens may occur any number of times.
at::Tensor gatherRows(const at::Tensor& x, const at::Tensor& rows);

}  // namespace cv::mixmim
