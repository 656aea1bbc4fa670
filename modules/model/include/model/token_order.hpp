// The order of an image's tokens in memory while they pass through the encoder, and which tokens attend to
// each other. Tokens stand window by window, and inside a window the image's own come before its partner's,
// because windows and groups are then plain ranges: attention moves nothing and computes only pairs that may
// see each other. Where keys are mask cells, tokens stand cell by cell; see Note [Cells]. All images of a
// batch have one order, because they have one mask (paper section 3.2; exact, see docs/model.md).
//
// Note [Cells]
// In an encoder with reduced keys the tokens of every stage stand cell by cell, the image's own cells first,
// and inside a cell in the order of a quad-tree: upper left quarter, upper right, lower left, lower right,
// and so on in every quarter. So each group is a range; the 2 x 2 tokens that become one are a run of 4, row
// by row; and the tokens of a reduced key, which is a cell, are a run too. Embeddings and reductions are then
// products over runs, and nothing is gathered. Windows in such a stage are listed.
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
  Meeting meeting = Meeting::kWindow;
  bool shifted = false;
  cv::Size window;              ///< of so many tokens, which follow each other in the list; empty = none
  std::vector<int32_t> listed;  ///< where in memory the listed tokens stand; empty = the list is the memory
  std::vector<int32_t> place;   ///< in its window, row * (2 * window.width - 1) + column; differences count.
                                ///< Empty where scores have no bias
  std::vector<int32_t> party;   ///< equal for tokens of a window that see each other; empty = all do
  std::vector<Segment> segments;  ///< ranges of the list; their queries cover every token once. Reduced keys
                                  ///< stand in the order of their cells

  /// Whether it is that of a block of its stage.
  bool serves(const Block& block) const { return block.meeting == meeting && block.shifted() == shifted; }
};

/// The tokens of a stage.
struct StageTokens {
  std::vector<int64_t> order;  ///< memory position -> raster position, class tokens apart
  std::vector<int64_t> runs;   ///< where tokens stand by cells: how many each group has, class tokens apart
  std::vector<int64_t> merge;  ///< memory positions of those that become each token of the next stage, in its
                               ///< memory order; where that merges
  std::vector<Sight> sights;   ///< one for each kind of blocks, in the order of their first
  /// Memory positions of the 3 x 3 tokens around each, row by row, -1 where there is none in its group; where
  /// the stage has convolutions.
  std::vector<int32_t> neighbours;
  /// The same for what an overlapping embedding reads: memory positions in the stage before, in the first
  /// stage raster positions of pixels.
  std::vector<int32_t> sources;
  /// One for each group, an empty one too, where the stage has any. It stands at the head of its group.
  int64_t classTokens = 0;

  const Sight& sightOf(const Block& block) const;
  /// Memory position with class tokens -> class tokens first, then the others in raster order.
  std::vector<int64_t> rows() const;
};

/// The tokens of every stage. `mask`: cells, CV_8U, not 0 = the partner's; empty = whole images. Without
/// `groups` a mixture is seen as one image, an ablation: tokens see their whole window, or all keys;
/// convolutions see all neighbours; there is one class token.
std::vector<StageTokens> tokenOrder(const Plan& plan, const cv::Mat& mask, bool groups = true);

/// The attention mask of shifted windows rolled into the grid, (windows * N) x N, CV_32F, tokens of a window
/// in raster order: 0 where two tokens see each other, -100 where not. Swin's buffer attn_mask.
cv::Mat shiftMask(const Stage& stage, const Block& block);

}  // namespace cv::mixmim
