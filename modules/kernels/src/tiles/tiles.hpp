// Products of packed panels (thirds.hpp) by a unit that multiplies tiles of bfloat16, the includer's
// TileUnit (compiled_for.hpp) or else Intel's. It lives while tiles are used, and has, for tile t of eight,
// each of 16 rows of 64 bytes:
//   zero<t>(), load<t>(from, step), store<t>(to, step)   `step` in bytes from row to row
//   addProducts<sums, left, right>()                     sums, of float32, += left * right
#pragma once

#include <algorithm>
#include <cstdint>

#include "tiles/thirds.hpp"
#include "vectors.hpp"

#ifndef MIXMIM_TILE_UNIT
#include "tiles/amx.hpp"
#endif

namespace cv::mixmim {

namespace {

/// Blocks of a left and a right panel that follow each other on both sides.
struct BlockPairs {
  const float *left, *right;
  int64_t count;
  /// Memory that is wanted later, and how many cache lines of it are prefetched with each pair.
  const float* later;
  int64_t lines;

  /// The pairs of panel number `panel` of the `panels` left ones that are multiplied with `right`. Meanwhile
  /// each of them prefetches its share of the blocks from `next` on.
  static BlockPairs of(const float* left, const float* right, int64_t count, const float* next, int64_t panel,
                       int64_t panels) {
    const int64_t lines = (kBlockSize / kTileLines + panels - 1) / panels;
    return {left, right, count, next + panel * lines * count * kTileLines, lines};
  }
};

/// A left panel of at most 16 lines needs one tile instead of two.
enum class Panel { kWhole, kHalf };

// Tiles 4 and 5 are of the left panel, 6 and 7 of the right, and 0 to 3 the sums, row by row.

template <Panel kLeft>
MIXMIM_TARGET inline void addTiles(TileUnit& unit) {
  unit.addProducts<0, 4, 6>();
  unit.addProducts<1, 4, 7>();
  if (kLeft == Panel::kHalf) return;
  unit.addProducts<2, 5, 6>();
  unit.addProducts<3, 5, 7>();
}

template <Panel kLeft>
MIXMIM_TARGET inline void loadLeft(TileUnit& unit, const float* third) {
  unit.load<4>(third, 64);
  if (kLeft == Panel::kWhole) unit.load<5>(third + kTileSize, 64);
}

MIXMIM_TARGET inline void loadRight(TileUnit& unit, const float* third) {
  unit.load<6>(third, 64);
  unit.load<7>(third + kTileSize, 64);
}

/// Prefetches a tile into the L1 cache.
MIXMIM_TARGET inline void fetch(const float* tile) {
#pragma GCC unroll 16
  for (int row = 0; row < kTileLines; ++row) __builtin_prefetch(tile + row * kTileLines);
}

/// The six products of thirds that matter. Each differs from the one before in one side alone, because the
/// tiles of the other then stay loaded. The largest is last, because the sum is then still small when the
/// others are rounded into it. Meanwhile the next block is prefetched, or the memory behind the last.
template <Panel kLeft>
MIXMIM_TARGET inline void addBlocks(TileUnit& unit, const BlockPairs& pairs) {
  constexpr int64_t kMiddle = 2 * kTileSize, kLow = 4 * kTileSize;
  const float *left = pairs.left, *right = pairs.right;
  const auto addAndFetch = [&](int64_t tile) MIXMIM_TARGET {
    addTiles<kLeft>(unit);
    fetch(left + kBlockSize + tile * kTileSize);
    fetch(right + kBlockSize + tile * kTileSize);
  };
  const float* later = pairs.later;
  for (int64_t i = 0; i < pairs.count; ++i, left += kBlockSize, right += kBlockSize) {
    for (int64_t line = 0; line < pairs.lines; ++line, later += kTileLines) __builtin_prefetch(later, 0, 2);
    loadLeft<kLeft>(unit, left + kLow);
    loadRight(unit, right);
    addAndFetch(0);
    loadLeft<kLeft>(unit, left + kMiddle);
    addAndFetch(1);
    loadRight(unit, right + kMiddle);
    addAndFetch(2);
    loadLeft<kLeft>(unit, left);
    addAndFetch(3);
    loadRight(unit, right + kLow);
    addAndFetch(4);
    loadRight(unit, right);
    addAndFetch(5);
  }
}

/// A panel by a panel of the result.
struct Square {
  float* first;
  int64_t step;
  int64_t rows, columns;  // that count
};

/// The start of the sums: zeros, a row for all of them, or the result so far.
struct Start {
  const float* row;
  bool result;
};

MIXMIM_TARGET inline void startWhole(TileUnit& unit, const Start& start, const Square& to) {
  if (!start.row && !start.result) {
    unit.zero<0>();
    unit.zero<1>();
    unit.zero<2>();
    unit.zero<3>();
    return;
  }
  const float *upper = start.result ? to.first : start.row, *lower = upper;
  if (start.result) lower += kTileLines * to.step;
  const int64_t step = start.result ? to.step * 4 : 0;
  unit.load<0>(upper, step);
  unit.load<1>(upper + kTileLines, step);
  unit.load<2>(lower, step);
  unit.load<3>(lower + kTileLines, step);
}

MIXMIM_TARGET inline void finishWhole(TileUnit& unit, const Square& to) {
  float* lower = to.first + kTileLines * to.step;
  unit.store<0>(to.first, to.step * 4);
  unit.store<1>(to.first + kTileLines, to.step * 4);
  unit.store<2>(lower, to.step * 4);
  unit.store<3>(lower + kTileLines, to.step * 4);
}

template <Panel kLeft>
MIXMIM_TARGET inline void multiplyWhole(TileUnit& unit, const BlockPairs* pairs, int64_t count,
                                        const Start& start, const Square& to) {
  startWhole(unit, start, to);
  for (int64_t i = 0; i < count; ++i) addBlocks<kLeft>(unit, pairs[i]);
  finishWhole(unit, to);
}

/// Multiplies a left and a right panel, whose blocks stand in `count` places, into `to`, of which a part may
/// lie outside of the result.
MIXMIM_TARGET inline void multiplyPanels(TileUnit& unit, const BlockPairs* pairs, int64_t count,
                                         const Start& start, const Square& to) {
  if (to.rows >= kPanel && to.columns >= kPanel)
    return multiplyWhole<Panel::kWhole>(unit, pairs, count, start, to);
  alignas(64) float room[kPanel * kPanel] = {};
  const int64_t rows = std::min(to.rows, kPanel), columns = std::min(to.columns, kPanel);
  for (int64_t r = 0; r < rows; ++r) {
    if (start.result) std::copy_n(to.first + r * to.step, columns, room + r * kPanel);
    if (start.row) std::copy_n(start.row, columns, room + r * kPanel);
  }
  const Square square{room, kPanel, kPanel, kPanel};
  if (rows <= kTileLines)
    multiplyWhole<Panel::kHalf>(unit, pairs, count, {nullptr, true}, square);
  else
    multiplyWhole<Panel::kWhole>(unit, pairs, count, {nullptr, true}, square);
  for (int64_t r = 0; r < rows; ++r) std::copy_n(room + r * kPanel, columns, to.first + r * to.step);
}

}  // namespace

}  // namespace cv::mixmim
