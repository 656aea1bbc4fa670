// Who sees whom in the blocks of a stage.
#pragma once

#include <cstdint>
#include <vector>

#include "model/token_order.hpp"
#include "tokens/mixed_grid.hpp"

namespace cv::mixmim {

/// The number of a token's window, window by window in raster order.
int windowOf(const MixedGrid& grid, int64_t token, const Block& block);

/// Tokens that see their window. `order`: memory -> raster. `groups`: and only those of their own image.
Sight windowSight(const MixedGrid& grid, const std::vector<int64_t>& order, const Block& block, bool groups);

/// Tokens that see one key for every reduction x reduction of them. `runs`: tokens of each group, which
/// follow each other in memory. With a class token every group has one, which is a key too.
Sight reducedSight(const std::vector<int64_t>& runs, const Block& block, bool classToken);

}  // namespace cv::mixmim
