// In which order the tokens of an image stand in memory while they pass through the encoder: window after
// window, and inside a window first those of the image itself, then those of its partner. Windows and groups
// are then plain ranges, so that nothing is moved for attention and only pairs that may see each other are
// computed. The mask is one for the batch, hence the order too (paper section 3.2; exact, see docs/model.md).
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/geometry.hpp"

namespace cv::mixmim {

/// A reordering of tokens and its inverse: int64 indices on the device.
struct Permutation {
  at::Tensor order;    ///< token k of the result is token order[k]
  at::Tensor inverse;  ///< where token k has gone
};

Permutation permutation(const std::vector<int64_t>& order, at::Device device);

/// x: B x L x C -> its tokens in another order. The gradient goes back by the inverse: a gather, no scatter.
at::Tensor permuteTokens(const at::Tensor& x, const Permutation& permutation);

/// Tokens [queryBegin, queryEnd) see tokens [keyBegin, keyEnd).
struct Segment {
  int64_t queryBegin, queryEnd, keyBegin, keyEnd;
  int64_t queries() const { return queryEnd - queryBegin; }
  int64_t keys() const { return keyEnd - keyBegin; }
};

/// Who sees whom in every sequence of a batch, once as ranges and once as tensors, for the two ways to
/// compute attention.
struct AttentionPattern {
  std::vector<Segment> segments;  ///< their queries cover every token once
  int window = 0;              ///< side of a window in tokens, which are ranges of window^2; 0 = no windows
  std::vector<int32_t> place;  ///< of every token in its window, y * (2 * window - 1) + x
  at::Tensor places;           ///< the same, windows x N, int64 (one row where all windows have the same)
  at::Tensor partner;          ///< windows x N, bool: the token's group. Undefined = one group
};

/// A sequence of `queries` that sees all of `keys`.
AttentionPattern everyoneSees(int64_t queries, int64_t keys);

struct StageOrder {
  Permutation raster;  ///< row by row -> this order
  Permutation merge;   ///< this order -> groups of four for the patch merging, in the next stage's order
  std::shared_ptr<const AttentionPattern> pattern;
};

struct TokenOrder {
  /// `mask`: cells x cells, CV_8U, not 0 = the partner's; empty = whole images. Without `groups` tokens see
  /// their whole window in a mixture too, an ablation.
  TokenOrder(const Geometry& geometry, const cv::Mat& mask, at::Device device, bool groups = true);

  std::vector<StageOrder> stages;
};

}  // namespace cv::mixmim
