// The MLP of a block whose hidden layer is convolved, as PVTv2 has it.
#pragma once

#include <ATen/ATen.h>

#include "network/mlp.hpp"

namespace cv::mixmim {

/// A depthwise 3 x 3 convolution's parameters.
struct ConvolutionParameters {
  at::Tensor weight, bias;  ///< C x 1 x 3 x 3; C
};

/// second(gelu(convolution(first(x)))), GELU in its exact, erf form. x: B x L x C; rows: as depthwise() in
/// network/depthwise.hpp.
///
/// In float32 on the CPU one hidden layer is kept, first(x): convolution and GELU are computed again in the
/// backward pass, because hidden layers are most of such a model's activations and a step takes no longer.
/// Elsewhere depthwise() and geluLinear(), which keep two.
at::Tensor convolvedMlp(const at::Tensor& x, const LinearParameters& first,
                        const ConvolutionParameters& convolution, const at::Tensor& rows,
                        const LinearParameters& second, at::ScalarType compute);

}  // namespace cv::mixmim
