// LayerNorm, GELU and the gradients of a linear layer by the kernels of kernels/layers.hpp: float32 on the
// CPU, widths that are multiples of kWidthMultiple. Elsewhere the same from LibTorch's operators. No result
// depends on the number of threads.
#pragma once

#include <ATen/ATen.h>

#include "kernels/layers.hpp"

namespace cv::mixmim {

/// The fastest that this processor runs.
const LayerKernels& rowKernels();

/// Whether they take rows of x.
bool rowKernelsCan(const at::Tensor& x);

struct Normalised {
  at::Tensor sum, out;  ///< ... x C
};

/// sum = x + added, or x where `added` is undefined; out = LayerNorm(sum). The backward pass takes the
/// gradients of both.
Normalised addAndNormalise(const at::Tensor& x, const at::Tensor& added, const at::Tensor& gain,
                           const at::Tensor& bias, double eps);

/// GELU in its exact, erf form. Not for autograd.
at::Tensor exactGelu(const at::Tensor& x);
/// Multiplies `gradient` by GELU's derivative at x, in place; returns exactGelu(x).
at::Tensor exactGeluBackward(const at::Tensor& x, at::Tensor& gradient);

struct LinearGradient {
  at::Tensor weight;  ///< outputs x inputs
  at::Tensor bias;    ///< outputs
};

/// Of y = x * weight' + bias, in `type`. x: rows x inputs; y: rows x outputs, the gradient.
LinearGradient linearGradient(const at::Tensor& x, const at::Tensor& y, at::ScalarType type);

}  // namespace cv::mixmim
