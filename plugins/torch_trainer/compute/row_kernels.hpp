// LayerNorm, GELU, products and gradients of a linear layer by the kernels of kernels/layers.hpp: float32 on
// the CPU, widths that are multiples of kWidthMultiple. Elsewhere the same from LibTorch's operators. No
// result depends on the number of threads.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "kernels/layers.hpp"

namespace cv::mixmim {

/// The fastest kernels that this processor runs.
const LayerKernels& rowKernels();

/// Whether rowKernels() take rows of x.
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

/// Whether multiplied() is faster than LibTorch's products, for rows of x.
bool fastProductsCan(const at::Tensor& x);

/// A weight (outputs x inputs) packed as RightSide, for x * weight' where `transposed`, else for x * weight.
at::Tensor packedRightSide(const at::Tensor& weight, bool transposed);

/// The right side of a product, with the steps before and after it.
struct Multiplication {
  at::Tensor weight;  ///< outputs x inputs
  bool transposed;    ///< as in packedRightSide()
  std::optional<at::Tensor> bias;
  bool gelu;  ///< applied to x first
};

/// x: ... x inner -> ... x columns. Where fastProductsCan(x).
at::Tensor multiplied(const at::Tensor& x, const Multiplication& by);

struct LinearGradient {
  at::Tensor weight;  ///< outputs x inputs
  at::Tensor bias;    ///< outputs
};

/// The gradients of x * weight' + bias by weight and bias, in `type`. x: rows x inputs; y: rows x outputs,
/// the gradient of the result.
LinearGradient linearGradient(const at::Tensor& x, const at::Tensor& y, at::ScalarType type);

}  // namespace cv::mixmim
