// The products of kernels/layers.hpp by tiles.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/layers.hpp"
#include "layers/products.hpp"
#include "layers/row_loops.hpp"
#include "tiles/thirds.hpp"
#include "tiles/tiles.hpp"

namespace cv::mixmim {

namespace {

static_assert(kPanel == kPanelMultiple && kDeep % kBlockInner == 0);

/// Rows need not come in multiples, because packing fills up with zeros.
inline constexpr int kRows = 1;

/// The part of the left side that is packed at a time, numbers of a line and lines: it stays in the L2 cache.
inline constexpr int64_t kPackedInner = 512, kPackedRows = 256;

/// Numbers of an MLP's hidden layer that are computed at a time.
inline constexpr int64_t kHiddenNumbers = 65536;

MIXMIM_TARGET inline void packRightSide(const RightSide& side, float* to) {
  if (side.transposed)
    packLines<SideOf::kRight, false>({side.matrix, side.step, side.columns, side.inner}, to);
  else
    packLines<SideOf::kRight, true>({side.matrix, side.step, side.columns, side.inner}, to);
}

/// Numbers of `room`, in which the left side is packed.
inline int64_t leftRoom(int64_t rows, int64_t inner) {
  return packedSize(std::min(rows, kPackedRows), std::min(inner, kPackedInner));
}

MIXMIM_TARGET inline void addToRows(const float* bias, const RowProduct& all) {
  for (int64_t r = 0; r < all.rows; ++r) addRows({1, all.columns, bias, 0}, all.out + r * all.outStep);
}

struct Gelu {
  MIXMIM_TARGET static Vec of(Vec numbers) { return numbers * normal(numbers).below; }
};

/// At most kPackedRows rows.
template <class Prepared>
MIXMIM_TARGET inline void multiplyRows(TileUnit& unit, const RowProduct& all, float* room) {
  const int64_t rightStep = packedSize(kPanel, all.inner);
  if (all.adds && all.bias) addToRows(all.bias, all);
  for (int64_t first = 0; first < all.inner; first += kPackedInner) {
    const int64_t inner = std::min(kPackedInner, all.inner - first), blocks = blocksOf(inner);
    packLines<SideOf::kLeft, false, Prepared>({all.left + first, all.inner, all.rows, inner}, room);
    const float* right = all.right + blockAt(first);
    for (int64_t c = 0; c < all.columns; c += kPanel, right += rightStep) {
      const bool adds = all.adds || first > 0;
      const Start start{!adds && all.bias ? all.bias + c : nullptr, adds};
      for (int64_t r = 0; r < all.rows; r += kPanel) {
        const float* left = room + r / kPanel * blocks * kBlockSize;
        const BlockPairs pairs =
            BlockPairs::of(left, right, blocks, right + rightStep, r / kPanel, panelsOf(all.rows));
        multiplyPanels(unit, &pairs, 1, start,
                       {all.out + r * all.outStep + c, all.outStep, all.rows - r, all.columns - c});
      }
    }
  }
}

MIXMIM_TARGET inline void multiply(const RowProduct& all, float* room) {
  TileUnit unit;
  for (int64_t first = 0; first < all.rows; first += kPackedRows) {
    RowProduct part = all;
    part.rows = std::min(kPackedRows, all.rows - first);
    part.left += first * all.inner;
    part.out += first * all.outStep;
    if (all.gelu)
      multiplyRows<Gelu>(unit, part, room);
    else
      multiplyRows<Unchanged>(unit, part, room);
  }
}

MIXMIM_TARGET inline void multiplyAll(const RowProduct& all, KernelScratch& scratch) {
  const int64_t size = leftRoom(all.rows, all.inner);
  scratch.reset(size, 1);
  multiply(all, scratch.take(size));
}

MIXMIM_TARGET inline void packRows(const PackedRows& all) {
  for (int64_t first = 0; first < all.rows; first += kDeep)
    packLines<SideOf::kRight, true>(
        {all.x + first * all.inputs, all.inputs, all.inputs, slabRows(all.rows, first)},
        all.packed + packedSize(all.inputs, first));
}

/// Slabs of rows whose products are added up before they go to the result.
inline constexpr int64_t kSlabs = kPackedInner / kDeep;

/// Adds the products of `rows` rows from `first` on to the gradient; those from 0 on start it.
MIXMIM_TARGET inline void addWeightGradient(TileUnit& unit, const WeightGradient& all, int64_t first,
                                            int64_t rows, float* room) {
  const float* y = all.y + first * all.yStep;
  packLines<SideOf::kLeft, true>({y, all.yStep, all.outputs, rows}, room);
  addRows({rows, all.outputs, y, all.yStep}, all.bias);
  for (int64_t c = 0; c < all.inputs; c += kPanel)
    for (int64_t o = 0; o < all.outputs; o += kPanel) {
      const float* left = room + packedSize(o, rows);
      BlockPairs pairs[kSlabs];
      int64_t count = 0;
      for (int64_t slab = 0; slab < rows; slab += kDeep, ++count) {
        const int64_t deep = slabRows(rows, slab);
        const float* right = all.packedX + packedSize(all.inputs, first + slab) + packedSize(c, deep);
        pairs[count] = {left + blockAt(slab), right, blocksOf(deep), nullptr, 0};
      }
      multiplyPanels(unit, pairs, count, {nullptr, first > 0},
                     {all.weight + o * all.inputs + c, all.inputs, all.outputs - o, all.inputs - c});
    }
}

MIXMIM_TARGET inline void weightGradient(const WeightGradient& all, KernelScratch& scratch) {
  TileUnit unit;
  const int64_t size = packedSize(all.outputs, kPackedInner);
  scratch.reset(size, 1);
  float* room = scratch.take(size);
  std::fill_n(all.bias, all.outputs, 0.f);
  if (all.rows == 0) std::fill_n(all.weight, all.outputs * all.inputs, 0.f);
  for (int64_t first = 0; first < all.rows; first += kPackedInner)
    addWeightGradient(unit, all, first, std::min(kPackedInner, all.rows - first), room);
}

inline int64_t sizeOfRows(int64_t rows, int64_t inputs) {
  return packedSize(inputs, rows);
}

inline int64_t sizeOfRightSide(int64_t inner, int64_t columns) {
  return packedSize(columns, inner);
}

/// Room for what addProducts() packs.
struct PackedSlab {
  static int64_t sizeX(int64_t inputs) { return packedSize(inputs, kDeep); }
  static int64_t sizeY(int64_t outputs) { return packedSize(outputs, kDeep); }
  float *x, *y;
};

MIXMIM_TARGET inline void addProducts(const Slab& all, const PackedSlab& packed) {
  TileUnit unit;
  addRows({all.rows, all.outputs, all.y, all.yStep}, all.bias);
  packLines<SideOf::kRight, true>({all.x, all.inputs, all.inputs, all.rows}, packed.x);
  packLines<SideOf::kLeft, true>({all.y, all.yStep, all.outputs, all.rows}, packed.y);
  const int64_t blocks = blocksOf(all.rows);
  for (int64_t c = 0; c < all.inputs; c += kPanel)
    for (int64_t o = 0; o < all.outputs; o += kPanel) {
      const BlockPairs pairs{packed.y + packedSize(o, all.rows), packed.x + packedSize(c, all.rows), blocks,
                             nullptr, 0};
      multiplyPanels(unit, &pairs, 1, {nullptr, true},
                     {all.weight + o * all.inputs + c, all.inputs, all.outputs - o, all.inputs - c});
    }
}

}  // namespace

}  // namespace cv::mixmim
