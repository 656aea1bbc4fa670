// The MLP of a block: most of a small model's activations are its hidden layers.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "network/layers.hpp"

namespace cv::mixmim {

/// A linear layer's parameters.
struct LinearParameters {
  at::Tensor weight, bias;
  RoundedLinear rounded = {};
};

/// second(gelu(first(x))), GELU in its exact, erf form. x: ... x C.
///
/// In float32 on the CPU, where the layers are so narrow that their weights stay in the cache, the kernels of
/// kernels/layers.hpp compute it a few rows at a time, and the hidden layer is never written to memory; the
/// backward pass computes it again. Elsewhere linearLayer() and geluLinear().
at::Tensor mlp(const at::Tensor& x, const LinearParameters& first, const LinearParameters& second,
               at::ScalarType compute);

/// fc2(GELU(fc1(x))), GELU in its exact, erf form; or fc2(GELU(convolution(fc1(x)))).
class Mlp {
 public:
  Mlp(const Weights& weights, const std::string& name, bool convolved = false);
  /// x: B x L x C. `neighbours`: of its tokens, for the convolution.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& neighbours = {}) const;

 private:
  Linear fc1_, fc2_;
  std::optional<DepthwiseConvolution> convolution_;
};

}  // namespace cv::mixmim
