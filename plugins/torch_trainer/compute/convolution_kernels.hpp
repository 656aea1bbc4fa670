// Convolutions of tokens by the kernels of kernels/convolution.hpp: float32 on the CPU, and widths that are
// multiples of kWidthMultiple except for gathers. Elsewhere the same by the own kernels of a GPU, where they
// are chosen, or by gathers of LibTorch. No result
// depends on the number of threads. Not for autograd (network/depthwise.hpp is).
//
// Shapes: B images, L tokens, C channels. Lists of tokens are int32, on x's device, in one piece; -1 = there
// is none, and zeros count.
#pragma once

#include <ATen/ATen.h>

namespace cv::mixmim {

/// The weight of a depthwise 3 x 3 convolution, C x 1 x 3 x 3, as 9 x C, in the type of x's sums: float32 at
/// least.
at::Tensor tapsFor(const at::Tensor& x, const at::Tensor& weight);

/// x: B x L x C, in one piece; taps: 9 x C; bias: C; rows: L x 9 -> B x L x C.
at::Tensor convolved(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                     const at::Tensor& rows);

/// gelu(convolved()), GELU in its exact, erf form.
at::Tensor convolvedGelu(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                         const at::Tensor& rows);
/// Multiplies `gradient`, in one piece, by GELU's derivative at convolved(), in place; returns
/// convolvedGelu().
at::Tensor convolvedGeluBackward(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                                 const at::Tensor& rows, at::Tensor& gradient);

struct ConvolutionGradient {
  at::Tensor x, taps, bias;  ///< the last two in the type of taps
};

/// The gradients of convolved(). `out`: that of its result, in one piece. Neighbours are mutual, as in
/// DepthwiseGradient.
ConvolutionGradient convolutionGradient(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& rows,
                                        const at::Tensor& out);

/// Tokens side by side. x: B x L x C, in one piece; rows: N x K -> B x N x (K * C).
at::Tensor gathered(const at::Tensor& x, const at::Tensor& rows);

/// The gradient of gathered() by x, B x length x C. `out`: that of its result, in one piece.
at::Tensor scattered(const at::Tensor& out, const at::Tensor& rows, int64_t length);

}  // namespace cv::mixmim
