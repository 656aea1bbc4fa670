// The products of kernels/layers.hpp by multiplications of whole registers, for the includer's instruction
// set (compiled_for.hpp).
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/layers.hpp"
#include "layers/products.hpp"
#include "layers/register_tiles.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Columns that are packed together: more would be too many streams for the L1 cache.
inline constexpr int64_t kPackedColumns = 64;

/// Numbers of an MLP's hidden layer that are computed at a time: three such layers fit the L2 cache.
inline constexpr int64_t kHiddenNumbers = 16384;

/// Panels that stand side by side, row after row of all, because rows are often pages apart: a page is then
/// opened once for all its panels.
template <int64_t kColumns, int64_t kPanels>
MIXMIM_TARGET inline void packWhole(const float* from, int64_t step, int64_t rows, float* to) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t p = 0; p < kPanels; ++p)
      for (int64_t c = 0; c < kColumns; ++c)
        to[(p * rows + r) * kColumns + c] = from[r * step + p * kColumns + c];
}

/// rows x columns -> panels of kColumns columns, row after row; 0 beyond the columns.
template <int64_t kColumns>
MIXMIM_TARGET inline void pack(const float* from, int64_t step, int64_t rows, int64_t columns, float* to) {
  constexpr int64_t kPanels = kPackedColumns / kColumns, kMany = kPanels * kColumns;
  for (; columns >= kMany; columns -= kMany, from += kMany, to += kMany * rows)
    packWhole<kColumns, kPanels>(from, step, rows, to);
  for (; columns >= kColumns; columns -= kColumns, from += kColumns, to += kColumns * rows)
    packWhole<kColumns, 1>(from, step, rows, to);
  if (columns == 0) return;
  for (int64_t r = 0; r < rows; ++r, to += kColumns)
    for (int64_t c = 0; c < kColumns; ++c) to[c] = c < columns ? from[r * step + c] : 0.f;
}

/// Where tiles find the columns of a matrix.
struct Columns {
  const float* first;
  int64_t step;    // from row to row
  int64_t beside;  // from column to column, at multiples of what a tile takes
};

/// Adds to the gradient of the weight.
MIXMIM_TARGET inline void addTiles(const Slab& all, const Columns& x, const Columns& y) {
  Tile tile{};
  tile.left = y.first;
  tile.leftStep = y.step;
  tile.right = x.first;
  tile.rightPanel = kPanel * x.beside;
  tile.rightStep = x.step;
  tile.inner = all.rows;
  tile.adds = true;
  tile.out = all.weight;
  tile.outStep = all.inputs;
  tile.rows = all.outputs;
  tile.columns = all.inputs;
  multiplyTiles<LeftBy::kColumn>(tile, y.beside);
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
  return all.outputs % kRows == 0 && all.rows * all.inputs <= kNumbers;
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

/// No room, because the left side is read where it is.
inline int64_t leftRoom(int64_t, int64_t) {
  return 0;
}

/// Without RowProduct::gelu and adds; `rows` is a multiple of kRows.
MIXMIM_TARGET inline void multiply(const RowProduct& all, float*) {
  Tile tile{};
  tile.left = all.left;
  tile.leftStep = all.inner;
  tile.right = all.right;
  tile.rightPanel = all.inner * kPanel;
  tile.rightStep = kPanel;
  tile.inner = all.inner;
  tile.bias = all.bias;
  tile.out = all.out;
  tile.outStep = all.outStep;
  tile.rows = all.rows;
  tile.columns = all.columns;
  multiplyTiles<LeftBy::kRow>(tile, all.inner);
}

}  // namespace

}  // namespace cv::mixmim
