// Where the position bias of every pair of tokens is found in its table, and the way back: index tensors on
// the device, because neither way may depend on the order in which a GPU's threads add up.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "model/token_order.hpp"
#include "tokens/index_block.hpp"

namespace cv::mixmim {

/// The pairs of all segments of a sight with windows, segment after segment. Numbers of a segment with n
/// tokens: forward n rows of n, each padded to a multiple of kRowMultiple; backward n rows of n.
class SegmentIndex {
 public:
  /// Rows of a bias begin at multiples of 16 bytes in any type, as memory-efficient attention wants them.
  static constexpr int64_t kRowMultiple = 8;

  SegmentIndex(const Sight& sight, IndexBlock& block);

  /// table: numbers x heads -> the bias of each segment, heads x n x n, in `type`; rows are padded in memory.
  std::vector<at::Tensor> biases(const at::Tensor& table, at::ScalarType type) const;

  /// The gradient of the table, numbers x heads, from those of biases(), heads x n x n each, float32 or
  /// float64.
  at::Tensor tableGradient(const std::vector<at::Tensor>& gradients) const;

 private:
  std::vector<int64_t> sizes_;  ///< tokens of every segment
  int64_t windows_ = 0, pairs_ = 0;
  at::Tensor rows_;  ///< of the table, for every number of the biases
  at::Tensor
      places_;  ///< windows x pairs of a window: the pair's place among all gradients, or behind the last
  at::Tensor
      members_;  ///< rows of the table x most pairs of a window: those that share it, or one behind the last
};

}  // namespace cv::mixmim
