// The linear layers, which are most of a step.
#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace cv::mixmim {

/// Copies of weight and bias in the type of the products, which save rounding them; see Weights::rounded().
struct RoundedLinear {
  at::Tensor weight, bias;  ///< undefined where there is no copy

  /// The copies for `count` outputs from `first` on.
  RoundedLinear narrow(int64_t first, int64_t count) const {
    const auto part = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, first, count) : x; };
    return {part(weight), part(bias)};
  }
};

/// x * weight' + bias. x: ... x in; weight: out x in. In float32 on the CPU the product and the gradient of x
/// come from the kernels of kernels/layers.hpp where they multiply tiles; else from LibTorch's oneDNN,
/// because that is 1.1 x as fast as the BLAS behind at::linear on a processor with AVX-512 that is not
/// Intel's. Elsewhere at::linear.
///
/// `compute`: the type of the products and of the result, whatever x has; the gradients have the types of x,
/// weight and bias.
at::Tensor linearLayer(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       at::ScalarType compute, const RoundedLinear& rounded = {});

/// linearLayer(gelu(x)), GELU in its exact, erf form. GELU is computed again in the backward pass: keeping it
/// would cost as much memory as all of an MLP's other activations.
at::Tensor geluLinear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                      at::ScalarType compute, const RoundedLinear& rounded = {});

}  // namespace cv::mixmim
