// Attention among the tokens of a sequence, with its projections.
#pragma once

#include <memory>
#include <string>

#include "network/layers.hpp"
#include "tokens/attention.hpp"

namespace cv::mixmim {

/// Multi-head attention with its projections.
class SelfAttention {
 public:
  /// `biased`: with a table of biases by relative position.
  SelfAttention(const Weights& weights, const std::string& name, int heads, bool biased = false)
      : qkv_(weights, name + ".qkv"), proj_(weights, name + ".proj"), heads_(heads) {
    if (biased) biasTable_ = weights.at(name + ".relative_position_bias_table");
  }
  /// Attention in every sequence. x: B x L x C -> the same.
  at::Tensor operator()(const at::Tensor& x, const std::shared_ptr<const AttentionPattern>& pattern) const {
    return proj_(attend(qkv_(x), heads_, pattern, biasTable_));
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
  at::Tensor biasTable_;
};

}  // namespace cv::mixmim
