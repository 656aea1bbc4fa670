// The building blocks of encoder and decoder. Each holds handles to its weights and computes; nothing here
// owns a parameter. Shapes: B images, L tokens, C channels; tokens in raster order.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>
#include <string>

#include "opencv2/mixmim/geometry.hpp"
#include "plugins/torch_trainer/weights.hpp"

namespace cv::mixmim {

/// Sees intermediate results by name while a forward pass runs; for parity checks. Empty in training.
using Trace = std::function<void(const std::string& name, const at::Tensor& value)>;

/// Every LayerNorm of the model.
inline constexpr double kNormEps = 1e-5;

struct Linear {
  Linear(const Weights& weights, const std::string& name, bool hasBias = true);
  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }
  at::Tensor weight;
  std::optional<at::Tensor> bias;
};

struct LayerNorm {
  LayerNorm(const Weights& weights, const std::string& name);
  at::Tensor operator()(const at::Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, kNormEps);
  }
  at::Tensor weight, bias;
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

/// Multi-head self-attention over the tokens of each sequence.
class Attention {
 public:
  Attention(const Weights& weights, const std::string& name, int heads);
  /// x: ... x N x C. `logitBias`, if defined, is added to the logits: broadcastable to ... x heads x N x N.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& logitBias) const;

 private:
  Linear qkv_, proj_;
  int64_t heads_;
};

struct Mlp {
  Mlp(const Weights& weights, const std::string& name)
      : fc1(weights, name + ".fc1"), fc2(weights, name + ".fc2") {}
  at::Tensor operator()(const at::Tensor& x) const { return fc2(at::gelu(fc1(x))); }  // the exact, erf form
  Linear fc1, fc2;
};

/// One encoder block: attention inside windows with a relative position bias, then an MLP, both residual.
class WindowBlock {
 public:
  WindowBlock(const Weights& weights, const std::string& name, const Stage& stage, double dropRate);
  /// x: B x L x C. `groupMask`, if defined: windows x 1 x N x N, 0 where two tokens may see each other, else
  /// -inf.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& groupMask, DropPath* drop) const;

 private:
  at::Tensor attend(const at::Tensor& x, const at::Tensor& groupMask) const;

  Stage stage_;
  double dropRate_;
  LayerNorm norm1_, norm2_;
  Attention attention_;
  Mlp mlp_;
  at::Tensor biasTable_, biasIndex_;
};

/// One decoder block: global attention without position bias.
class GlobalBlock {
 public:
  GlobalBlock(const Weights& weights, const std::string& name, int heads);
  at::Tensor operator()(const at::Tensor& x) const;  ///< B x L x C -> the same

 private:
  LayerNorm norm1_, norm2_;
  Attention attention_;
  Mlp mlp_;
};

/// 2x2 neighbours, in the order (0,0), (1,0), (0,1), (1,1), become one token of twice the width.
class PatchMerging {
 public:
  PatchMerging(const Weights& weights, const std::string& name, const Stage& stage);
  at::Tensor operator()(const at::Tensor& x) const;  ///< B x L x C -> B x L/4 x 2C

 private:
  int64_t grid_;
  LayerNorm norm_;
  Linear reduction_;
};

/// Non-overlapping patches to normalised tokens.
class PatchEmbedding {
 public:
  PatchEmbedding(const Weights& weights, const ModelConfig& model);
  at::Tensor operator()(const at::Tensor& images) const;  ///< B x S x S x 3 -> B x L x C

 private:
  int64_t patch_;
  Linear proj_;
  LayerNorm norm_;
};

/// B x L x C in raster order -> B x windows x N x C, and back.
at::Tensor partitionWindows(const at::Tensor& x, const Stage& stage);
at::Tensor reverseWindows(const at::Tensor& windows, const Stage& stage);

}  // namespace cv::mixmim
