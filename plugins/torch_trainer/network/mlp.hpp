// The MLP of a block: most of a small model's activations are its hidden layers.
#pragma once

#include <ATen/ATen.h>

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

/// fc2(GELU(fc1(x))), GELU in its exact, erf form.
struct Mlp {
  Mlp(const Weights& weights, const std::string& name)
      : fc1(weights, name + ".fc1"), fc2(weights, name + ".fc2") {}
  at::Tensor operator()(const at::Tensor& x) const {
    return mlp(x, {fc1.weight, *fc1.bias, fc1.rounded}, {fc2.weight, *fc2.bias, fc2.rounded}, fc1.compute);
  }
  Linear fc1, fc2;
};

}  // namespace cv::mixmim
