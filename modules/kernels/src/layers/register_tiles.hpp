// Products of matrices, a tile of registers at a time, for the includer's instruction set (compiled_for.hpp).
#pragma once

#include <cstdint>

#include "kernels/layers.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Rows of a product's tile.
inline constexpr int kRows = MIXMIM_ROWS;

/// Registers of columns that a tile takes: three where 32 registers hold the sums, because a tile then loads
/// less for each product.
inline constexpr int kWide = kLanes == 16 ? 3 : 2;

/// Columns of a packed right side that stand together, and their registers: one where tiles are not all of
/// one width.
inline constexpr int kTogether = kLanes == 16 ? 1 : 2;
inline constexpr int64_t kPanel = kTogether * kLanes;
static_assert(kPanelMultiple % kPanel == 0 && kWidthMultiple % kPanel == 0);

/// How the left side stands in memory: row after row, or column after column.
enum class LeftBy { kRow, kColumn };

/// Rows times columns, wherever both stand.
struct Tile {
  const float* left;
  int64_t leftStep;  // from row to row, or from column to column
  const float* right;
  int64_t rightPanel, rightStep;  // from kPanel columns to the next, and from row to row
  int64_t inner;
  const float* bias;  // that of the columns, or null
  bool adds;          // to `out` instead of replacing it
  float* out;
  int64_t outStep, rows, columns;  // columns are whole panels; a rest of rows only where `adds`
};

/// The sums of a tile, in registers.
template <int kColumns>
using Sums = Vec[kRows][kColumns];

/// Also fetches what the tile writes, because that is rarely in the L1 cache.
template <int kColumns>
MIXMIM_TARGET inline void startSums(const Tile& tile, Sums<kColumns>& sums) {
#pragma GCC unroll 3
  for (int c = 0; c < kColumns; ++c) {
    const Vec begin = tile.bias ? load(tile.bias + c * kLanes) : Vec{};
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      sums[r][c] = begin;
      if (kLanes == 16) __builtin_prefetch(tile.out + r * tile.outStep + c * kLanes, /*rw=*/1);  // a line
    }
  }
}

template <bool kAdds, int kColumns>
MIXMIM_TARGET inline void storeSums(const Sums<kColumns>& sums, float* out, int64_t step) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r, out += step)
#pragma GCC unroll 3
    for (int c = 0; c < kColumns; ++c)
      store(out + c * kLanes, kAdds ? load(out + c * kLanes) + sums[r][c] : sums[r][c]);
}

/// kRows rows by kColumns registers, all of which count. Never inlined, because GCC would then run out of
/// registers and keep a row of the right side in memory.
template <LeftBy kLeft, int kColumns>
MIXMIM_TARGET __attribute__((noinline)) void multiplyWhole(const Tile& tile) {
  constexpr bool kByRows = kLeft == LeftBy::kRow;  // the other step is 1, which saves address registers
  const int64_t rowStep = kByRows ? tile.leftStep : 1, innerStep = kByRows ? 1 : tile.leftStep;
  Sums<kColumns> sums;
  startSums(tile, sums);
  for (int64_t i = 0; i < tile.inner; ++i) {
    Vec row[kColumns];
#pragma GCC unroll 3
    for (int c = 0; c < kColumns; ++c)
      row[c] =
          load(tile.right + c / kTogether * tile.rightPanel + i * tile.rightStep + c % kTogether * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec factor = splat(tile.left[r * rowStep + i * innerStep]);
#pragma GCC unroll 3
      for (int c = 0; c < kColumns; ++c) sums[r][c] += factor * row[c];
    }
  }
  if (tile.adds)
    storeSums<true>(sums, tile.out, tile.outStep);
  else
    storeSums<false>(sums, tile.out, tile.outStep);
}

/// Fewer rows than kRows, by way of a tile that is whole. Without a bias; adds.
template <LeftBy kLeft, int kColumns>
MIXMIM_TARGET inline void addRagged(const Tile& tile) {
  constexpr int64_t kStep = kColumns * kLanes;
  alignas(64) float numbers[kRows * kStep];
  Tile whole = tile;
  whole.adds = false;
  whole.out = numbers;
  whole.outStep = kStep;
  multiplyWhole<kLeft, kColumns>(whole);
  for (int64_t r = 0; r < tile.rows; ++r)
    for (int64_t c = 0; c < kStep; c += kLanes) {
      float* out = tile.out + r * tile.outStep + c;
      store(out, load(out) + load(numbers + r * kStep + c));
    }
}

/// kColumns registers of all rows. `leftBeside`: from a row to the next one, at multiples of kRows.
template <LeftBy kLeft, int kColumns>
MIXMIM_TARGET inline void multiplyStrip(Tile tile, int64_t leftBeside) {
  for (; tile.rows > 0; tile.rows -= kRows) {
    if (tile.rows >= kRows)
      multiplyWhole<kLeft, kColumns>(tile);
    else
      addRagged<kLeft, kColumns>(tile);
    tile.left += kRows * leftBeside;
    tile.out += kRows * tile.outStep;
  }
}

/// All rows by all columns, kWide registers at a time, and 2 and 2 or 1 in the end where that leaves a rest.
template <LeftBy kLeft>
MIXMIM_TARGET inline void multiplyTiles(Tile tile, int64_t leftBeside) {
  while (tile.columns > 0) {
    const int64_t left = tile.columns / kLanes;
    const int64_t taken = left >= kWide && left != kWide + 1 ? kWide : left == 1 ? 1 : 2;
    if (taken == kWide)
      multiplyStrip<kLeft, kWide>(tile, leftBeside);
    else if (taken == 2)
      multiplyStrip<kLeft, 2>(tile, leftBeside);
    else
      multiplyStrip<kLeft, 1>(tile, leftBeside);
    tile.right += taken / kTogether * tile.rightPanel;
    tile.out += taken * kLanes;
    if (tile.bias) tile.bias += taken * kLanes;
    tile.columns -= taken * kLanes;
  }
}

}  // namespace

}  // namespace cv::mixmim
