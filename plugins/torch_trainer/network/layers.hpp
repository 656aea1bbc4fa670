// The smallest pieces of encoder and decoder. Each holds handles to its weights and computes; nothing in this
// folder owns a parameter but weights.hpp. Shapes: B images, L tokens, C channels; tokens in the order of
// token_order.hpp.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>
#include <string>

#include "compute/row_kernels.hpp"
#include "network/depthwise.hpp"
#include "network/linear.hpp"
#include "network/weights.hpp"

namespace cv::mixmim {

/// Sees intermediate results by name while a forward pass runs; for parity checks. Empty in training.
using Trace = std::function<void(const std::string& name, const at::Tensor& value)>;

struct Linear {
  Linear(const Weights& weights, const std::string& name, bool hasBias = true);
  at::Tensor operator()(const at::Tensor& x) const { return linearLayer(x, weight, bias, compute, rounded); }
  at::Tensor weight;
  std::optional<at::Tensor> bias;
  at::ScalarType compute;
  RoundedLinear rounded;
};

struct LayerNorm {
  LayerNorm(const Weights& weights, const std::string& name, double epsilon);
  at::Tensor operator()(const at::Tensor& x) const { return afterAdding(x, {}).out; }
  Normalised afterAdding(const at::Tensor& x, const at::Tensor& branch) const {
    return addAndNormalise(x, branch, weight, bias, eps);
  }
  at::Tensor weight, bias;
  double eps;
};

/// A depthwise 3 x 3 convolution of tokens.
struct DepthwiseConvolution {
  DepthwiseConvolution(const Weights& weights, const std::string& name)
      : weight(weights.at(name + ".weight")), bias(weights.at(name + ".bias")) {}
  /// x: B x L x C -> the same. `neighbours`: as in StageOrder.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& neighbours) const {
    return depthwise(x, weight, bias, neighbours);
  }
  at::Tensor weight, bias;
};

/// The residual stream, B x L x C. A branch is added only when the sum is wanted, because the LayerNorm that
/// follows adds it in its own pass.
class Residual {
 public:
  explicit Residual(at::Tensor x) : sum_(std::move(x)) {}
  void add(at::Tensor branch) { branch_ = std::move(branch); }  ///< after normalised() or value()
  at::Tensor normalised(const LayerNorm& norm);
  const at::Tensor& value();

 private:
  at::Tensor sum_, branch_;
};

/// Stochastic depth: draws, per image, whether a branch is kept; a function of (seed, step, branch), not of a
/// device.
class DropPath {
 public:
  DropPath(uint64_t seed, int64_t step) : seed_(seed), step_(step) {}
  /// `branch` of B x ..., kept with probability 1 - rate and divided by it.
  at::Tensor operator()(const at::Tensor& branch, double rate);

 private:
  uint64_t seed_;
  int64_t step_;
  uint32_t branch_ = 0;
};

}  // namespace cv::mixmim
