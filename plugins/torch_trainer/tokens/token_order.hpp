// The order of tokens (model/token_order.hpp) as LibTorch needs it: index tensors on the device.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "model/token_order.hpp"
#include "tokens/index_block.hpp"
#include "tokens/segment_index.hpp"

namespace cv::mixmim {

/// A reordering of tokens and its inverse: int64 indices on the device.
struct Permutation {
  at::Tensor order;    ///< token k of the result is token order[k]
  at::Tensor inverse;  ///< where token k has gone
};

/// Usable when the block is sent.
Permutation permutation(const std::vector<int64_t>& order, IndexBlock& block);
/// Usable at once.
Permutation permutation(const std::vector<int64_t>& order, at::Device device);

/// x: B x L x C -> its tokens in another order. The gradient is gathered by the inverse, which saves a
/// scatter.
at::Tensor permuteTokens(const at::Tensor& x, const Permutation& permutation);

/// Who sees whom in every sequence of a batch, once as ranges and once as tensors, for the two ways to
/// compute attention.
struct AttentionPattern {
  Sight sight;                        ///< no window where the segments say all
  std::optional<Permutation> listed;  ///< memory -> the list, where they differ
  at::Tensor places;  ///< sight.place, windows x N, int64; one row where all windows have the same. Undefined
                      ///< where there is none or an index
  at::Tensor parties;  ///< sight.party, windows x N, int64. Undefined = a window is one party
  std::optional<SegmentIndex>
      index;  ///< of a sight with places, for attention by segments: on a device alone

  bool windows() const { return !sight.window.empty(); }
  bool biased() const { return !sight.place.empty(); }
  /// Row of the bias table for a token and itself.
  int middle() const {
    return (sight.window.height - 1) * (2 * sight.window.width - 1) + sight.window.width - 1;
  }
};

/// A sequence of `queries` that sees all of `keys`.
AttentionPattern everyoneSees(int64_t queries, int64_t keys);

/// The tokens of a stage on the device. Lists are undefined where the stage has no use for them.
struct StageOrder {
  /// Usable when the block is sent. `bySegments`: for segment_attention.hpp, not for attendPlainly().
  StageOrder(const StageTokens& tokens, IndexBlock& block, bool bySegments);

  Permutation raster;         ///< row by row -> this order, class tokens apart
  Permutation rows;           ///< class tokens, then row by row -> this order
  Permutation merge;          ///< the stage before -> groups for the patch merging
  at::Tensor positions;       ///< rows of the stage's position embedding in this order, int64
  at::Tensor neighbours;      ///< StageTokens::neighbours, tokens x 9, int32
  at::Tensor sources;         ///< StageTokens::sources, tokens x members, int32
  std::vector<int64_t> runs;  ///< tokens of each group where the stage has class tokens
  int64_t classTokens;

  const std::shared_ptr<const AttentionPattern>& patternOf(const Block& block) const;

 private:
  std::vector<std::shared_ptr<const AttentionPattern>> patterns_;  // as StageTokens::sights
};

/// The orders of all stages, for images mixed under `mask`; see tokenOrder().
std::vector<StageOrder> stageOrders(const Plan& plan, const cv::Mat& mask, at::Device device,
                                    bool groups = true);

}  // namespace cv::mixmim
