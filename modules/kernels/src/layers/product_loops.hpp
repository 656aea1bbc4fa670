// The products of kernels/layers.hpp by multiplications of whole registers, for the includer's instruction
// set (compiled_for.hpp).
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/layers.hpp"
#include "layers/products.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Rows of a product's tile.
inline constexpr int kRows = MIXMIM_ROWS;

inline constexpr int64_t kPanel = 2 * kLanes;  // columns of x that a tile takes
static_assert(kPanelMultiple % kPanel == 0);

/// Numbers of an MLP's hidden layer that are computed at a time: three such layers fit the L2 cache.
inline constexpr int64_t kHiddenNumbers = 16384;

/// rows x columns -> panels of kWide columns, row after row; 0 beyond the columns.
template <int64_t kWide>
MIXMIM_TARGET inline void pack(const float* from, int64_t step, int64_t rows, int64_t columns, float* to) {
  for (; columns >= kWide; columns -= kWide, from += kWide)
    for (int64_t r = 0; r < rows; ++r, to += kWide)
      for (int64_t c = 0; c < kWide; ++c) to[c] = from[r * step + c];
  if (columns == 0) return;
  for (int64_t r = 0; r < rows; ++r, to += kWide)
    for (int64_t c = 0; c < kWide; ++c) to[c] = c < columns ? from[r * step + c] : 0.f;
}

/// A tile of the gradient: kRows outputs by a panel of inputs.
struct Tile {
  const float *y, *x;
  int64_t yStep, xStep;  // from row to row
  int64_t rows;          // of both
  float* gradient;
  int64_t step, outputs, inputs;  // of them that count
};

MIXMIM_TARGET inline void addTile(const Tile& tile) {
  Vec sums[kRows][2] = {};
  for (int64_t r = 0; r < tile.rows; ++r) {
    const Vec left = load(tile.x + r * tile.xStep), right = load(tile.x + r * tile.xStep + kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Vec factor = splat(tile.y[r * tile.yStep + i]);
      sums[i][0] += factor * left;
      sums[i][1] += factor * right;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    float* to = tile.gradient + i * tile.step;
    if (i >= tile.outputs) continue;
    store(to, load(to) + sums[i][0]);
    if (tile.inputs > kLanes) store(to + kLanes, load(to + kLanes) + sums[i][1]);
  }
}

/// Where tiles find the columns of a matrix.
struct Columns {
  const float* first;
  int64_t step;    // from row to row
  int64_t beside;  // from column to column, at multiples of what a tile takes
};

MIXMIM_TARGET inline void addTiles(const Slab& all, const Columns& x, const Columns& y) {
  Tile tile{};
  tile.yStep = y.step;
  tile.xStep = x.step;
  tile.rows = all.rows;
  tile.step = all.inputs;
  for (int64_t c = 0; c < all.inputs; c += kPanel) {
    for (int64_t o = 0; o < all.outputs; o += kRows) {
      tile.y = y.first + o * y.beside;
      tile.x = x.first + c * x.beside;
      tile.gradient = all.weight + o * all.inputs + c;
      tile.outputs = all.outputs - o;
      tile.inputs = all.inputs - c;
      addTile(tile);
    }
  }
}

inline int64_t sizeOfRows(int64_t rows, int64_t inputs) {
  return rows * paddedColumns(inputs);
}

inline int64_t sizeOfRightSide(int64_t inner, int64_t columns) {
  return inner * paddedColumns(columns);
}

/// Room for what addProducts() packs.
struct PackedSlab {
  static int64_t sizeX(int64_t inputs) { return kDeep * roundedUp(inputs, kPanel); }
  static int64_t sizeY(int64_t outputs) { return kDeep * roundedUp(outputs, kRows); }
  float *x, *y;
};

/// Whether packing would not pay: whole tiles of rows that the L1 and L2 caches hold anyway.
inline bool needsNoPacking(const Slab& all) {
  constexpr int64_t kNumbers = 16384;
  return all.outputs % kRows == 0 && all.inputs % kPanel == 0 && all.rows * all.inputs <= kNumbers;
}

/// Packs both sides where that pays.
MIXMIM_TARGET inline void addProducts(const Slab& all, const PackedSlab& packed) {
  addRows({all.rows, all.outputs, all.y, all.yStep}, all.bias);
  if (needsNoPacking(all)) return addTiles(all, {all.x, all.inputs, 1}, {all.y, all.yStep, 1});
  pack<kPanel>(all.x, all.inputs, all.rows, all.inputs, packed.x);
  pack<kRows>(all.y, all.yStep, all.rows, all.outputs, packed.y);
  addTiles(all, {packed.x, kPanel, all.rows}, {packed.y, kRows, all.rows});
}

MIXMIM_TARGET inline void packRows(const PackedRows& all) {
  const int64_t width = paddedColumns(all.inputs);
  for (int64_t first = 0; first < all.rows; first += kDeep)
    pack<kPanel>(all.x + first * all.inputs, all.inputs, slabRows(all.rows, first), all.inputs,
                 all.packed + first * width);
}

MIXMIM_TARGET inline void weightGradient(const WeightGradient& all, KernelScratch& scratch) {
  const int64_t width = paddedColumns(all.inputs), sizeY = PackedSlab::sizeY(all.outputs);
  scratch.reset(sizeY, 1);
  float* packedY = scratch.take(sizeY);
  std::fill_n(all.weight, all.outputs * all.inputs, 0.f);
  std::fill_n(all.bias, all.outputs, 0.f);
  for (int64_t first = 0; first < all.rows; first += kDeep) {
    const Slab slab{slabRows(all.rows, first), all.inputs, all.outputs, nullptr,
                    all.y + first * all.yStep, all.yStep,  all.weight,  all.bias};
    addRows({slab.rows, slab.outputs, slab.y, slab.yStep}, slab.bias);
    pack<kRows>(slab.y, slab.yStep, slab.rows, slab.outputs, packedY);
    addTiles(slab, {all.packedX + first * width, kPanel, slab.rows}, {packedY, kRows, slab.rows});
  }
}

/// inner x columns -> panels of kPanel columns, row after row; 0 beyond the columns.
MIXMIM_TARGET inline void packRightSide(const RightSide& side, float* to) {
  if (!side.transposed) {
    pack<kPanel>(side.matrix, side.step, side.inner, side.columns, to);
    return;
  }
  for (int64_t first = 0; first < side.columns; first += kPanel)
    for (int64_t i = 0; i < side.inner; ++i)
      for (int64_t c = first; c < first + kPanel; ++c)
        *to++ = c < side.columns ? side.matrix[c * side.step + i] : 0.f;
}

/// kRows rows of one panel.
MIXMIM_TARGET inline void multiplyTile(const RowProduct& all, int64_t row, int64_t column) {
  const float* left = all.left + row * all.inner;
  const float* right = all.right + column * all.inner;
  const bool both = all.columns - column > kLanes;
  Vec begin[2] = {};
  if (all.bias) begin[0] = load(all.bias + column);
  if (all.bias && both) begin[1] = load(all.bias + column + kLanes);
  Vec sums[kRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) sums[r][0] = begin[0], sums[r][1] = begin[1];
  for (int64_t i = 0; i < all.inner; ++i) {
    const Vec first = load(right + i * kPanel), second = load(right + i * kPanel + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec factor = splat(left[r * all.inner + i]);
      sums[r][0] += factor * first;
      sums[r][1] += factor * second;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    float* to = all.out + (row + r) * all.outStep + column;
    store(to, sums[r][0]);
    if (both) store(to + kLanes, sums[r][1]);
  }
}

/// No room, because the left side is read where it is.
inline int64_t leftRoom(int64_t, int64_t) {
  return 0;
}

/// Without RowProduct::gelu and adds; `rows` is a multiple of kRows.
MIXMIM_TARGET inline void multiply(const RowProduct& all, float*) {
  for (int64_t column = 0; column < all.columns; column += kPanel)
    for (int64_t row = 0; row < all.rows; row += kRows) multiplyTile(all, row, column);
}

}  // namespace

}  // namespace cv::mixmim
