// The building blocks of encoder and decoder. Each holds handles to its weights and computes; nothing here
// owns a parameter. Shapes: B images, L tokens, C channels; tokens in the order of token_order.hpp.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>
#include <string>

#include "compute/row_kernels.hpp"
#include "model/plan.hpp"
#include "network/attention.hpp"
#include "network/linear.hpp"
#include "network/mlp.hpp"
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

/// Multi-head attention with its projections.
class Attention {
 public:
  Attention(const Weights& weights, const std::string& name, int heads)
      : qkv_(weights, name + ".qkv"), proj_(weights, name + ".proj"), heads_(heads) {}
  /// Self-attention in every sequence. x: B x L x C -> the same.
  at::Tensor operator()(const at::Tensor& x, const std::shared_ptr<const AttentionPattern>& pattern,
                        const at::Tensor& biasTable = {}) const {
    return proj_(attend(qkv_(x), heads_, pattern, biasTable));
  }

  /// The parts, for queries that are not all of the tokens.
  at::Tensor queries(const at::Tensor& x) const;     ///< B x L x C -> the same
  at::Tensor keysValues(const at::Tensor& x) const;  ///< B x L x C -> B x L x 2C
  at::Tensor across(const at::Tensor& queries, const at::Tensor& keysValues) const {
    return attendAcross(queries, keysValues, heads_);
  }
  at::Tensor project(const at::Tensor& x) const { return proj_(x); }

 private:
  /// The outputs of qkv_ from `first` on.
  at::Tensor partOfQkv(const at::Tensor& x, int64_t first, int64_t count) const;

  Linear qkv_, proj_;
  int64_t heads_;
};

/// fc2(GELU(fc1(x))), GELU in its exact, erf form.
struct Mlp {
  Mlp(const Weights& weights, const std::string& name)
      : fc1(weights, name + ".fc1"), fc2(weights, name + ".fc2") {}
  at::Tensor operator()(const at::Tensor& x) const {
    return mlp(x, {fc1.weight, *fc1.bias, fc1.rounded}, {fc2.weight, *fc2.bias, fc2.rounded}, fc1.compute);
  }
  Linear fc1, fc2;
};

/// One encoder block: attention inside windows with a relative position bias, then an MLP, both residual.
class WindowBlock {
 public:
  WindowBlock(const Weights& weights, const Block& block, const Stage& stage, double dropRate);
  /// `drop` may be null.
  void operator()(Residual& x, const std::shared_ptr<const AttentionPattern>& pattern, DropPath* drop) const;

 private:
  double dropRate_;
  LayerNorm norm1_, norm2_;
  Attention attention_;
  Mlp mlp_;
  at::Tensor biasTable_;
};

/// One decoder block: global attention without position bias.
class GlobalBlock {
 public:
  GlobalBlock(const Weights& weights, const std::string& name, int heads);
  void operator()(Residual& x) const;

  /// The block for only the tokens that `needed` picks. They attend to all tokens, but nothing else is
  /// computed for the others. `needed` picks rows of B x L x C; `across` is the attention of the picked ones
  /// to all.
  using Pick = std::function<at::Tensor(const at::Tensor& rows)>;
  using See =
      std::function<at::Tensor(const at::Tensor& queries, const at::Tensor& keysValues, const Attention&)>;
  Residual picked(Residual& x, const Pick& needed, const See& across) const;

 private:
  LayerNorm norm1_, norm2_;
  Attention attention_;
  Mlp mlp_;
};

/// Neighbours, in the order of mergingOrder(), become one token of the stage's width.
class PatchMerging {
 public:
  PatchMerging(const Weights& weights, const Stage& stage)
      : members_(int64_t{stage.side} * stage.side),
        norm_(weights, stage.embedding + ".norm", stage.embeddingEps),
        reduction_(weights, stage.embedding + ".reduction", /*hasBias=*/false) {}
  /// B x L x C -> B x (tokens of the stage) x (its width). `neighbours` puts those of every new token side by
  /// side.
  at::Tensor operator()(const at::Tensor& x, const Permutation& neighbours) const;

 private:
  int64_t members_;
  LayerNorm norm_;
  Linear reduction_;
};

/// Non-overlapping patches to normalised tokens.
class PatchEmbedding {
 public:
  PatchEmbedding(const Weights& weights, const Stage& stage);
  /// B x H x W x 3 -> B x L x C; token k is patch order[k].
  at::Tensor operator()(const at::Tensor& images, const at::Tensor& order) const;

 private:
  int64_t patch_;
  Linear proj_;
  LayerNorm norm_;
};

}  // namespace cv::mixmim
