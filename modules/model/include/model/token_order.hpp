// The order of an image's tokens in memory while they pass through the encoder, and which tokens attend to
// each other. Tokens stand window by window, and inside a window the image's own come before its partner's,
// because windows and groups are then plain ranges: attention moves nothing and computes only pairs that may
// see each other. All images of a batch have one order, because they have one mask (paper section 3.2; exact,
// see docs/model.md).
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

#include "model/plan.hpp"

namespace cv::mixmim {

/// Where each token of an order has gone: inverse[order[k]] = k.
std::vector<int64_t> inverseOf(const std::vector<int64_t>& order);

/// Tokens [queryBegin, queryEnd) see tokens [keyBegin, keyEnd).
struct Segment {
  int64_t queryBegin, queryEnd, keyBegin, keyEnd;
  int64_t queries() const { return queryEnd - queryBegin; }
  int64_t keys() const { return keyEnd - keyBegin; }
};

/// Which tokens attend to (see) each other in one kind of blocks. Tokens are listed window by window, and
/// inside a window so that those that see each other follow each other.
///
/// Note [Shifted windows]
/// A shifted window that crosses the border of the picture holds pieces that lie apart, and only tokens of
/// one piece see each other (Swin's attention mask). Every piece is a rectangle of the unrolled picture, cut
/// at rows and columns s, s + w, s + 2w, so nothing is rolled: a piece is one segment, and places inside it
/// differ as they do in the picture. In a mixture a piece has a segment for either image, because the masks
/// intersect.
struct Sight {
  cv::Size window;                ///< of so many tokens, which follow each other in the list
  std::vector<int32_t> listed;    ///< where in memory the listed tokens stand; empty = the list is the memory
  std::vector<int32_t> place;     ///< in its window, row * (2 * window.width - 1) + column; differences count
  std::vector<int32_t> party;     ///< equal for tokens of a window that see each other; empty = all do
  std::vector<Segment> segments;  ///< ranges of the list; their queries cover every token once
};

/// The tokens of a stage.
struct StageTokens {
  std::vector<int64_t> order;  ///< memory position -> raster position
  std::vector<int64_t>
      merge;  ///< memory positions of those that become each token of the next stage, in its memory order
  std::vector<Sight> sights;  ///< of blocks with windows in place, and, where a stage has such, shifted ones

  const Sight& sightOf(const Block& block) const { return sights[block.shifted() ? 1 : 0]; }
};

/// The tokens of every stage. `mask`: cells, CV_8U, not 0 = the partner's; empty = whole images. Without
/// `groups` tokens see their whole window in a mixture too, an ablation.
std::vector<StageTokens> tokenOrder(const Plan& plan, const cv::Mat& mask, bool groups = true);

/// The attention mask of shifted windows rolled into the grid, (windows * N) x N, CV_32F, tokens of a window
/// in raster order: 0 where two tokens see each other, -100 where not. Swin's buffer attn_mask.
cv::Mat shiftMask(const Stage& stage, const Block& block);

}  // namespace cv::mixmim
