// An MLP's loops, for the includer's instruction set (compiled_for.hpp) and its kind of products. A few rows
// at a time pass through both layers, so that the hidden one, the widest of a Transformer, stays in the L2
// cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/layers.hpp"
#include "layers/products.hpp"
#include "layers/row_loops.hpp"

#ifdef MIXMIM_TILE_UNIT
#include "layers/tile_loops.hpp"
#else
#include "layers/product_loops.hpp"
#endif

namespace cv::mixmim {

namespace {

/// The rows of a block, a multiple of kRows.
inline int64_t rowsOfBlock(int64_t hidden) {
  const int64_t most = kHiddenNumbers / hidden < kDeep ? kHiddenNumbers / hidden : kDeep;
  return most < kRows ? kRows : most / kRows * kRows;
}

/// `rows` of a matrix, followed by rows of zeros up to a multiple of kRows: itself, or a copy in `room`.
MIXMIM_TARGET inline const float* wholeTiles(const float* from, int64_t rows, int64_t width, float* room) {
  if (rows % kRows == 0) return from;
  std::copy_n(from, rows * width, room);
  std::fill(room + rows * width, room + roundedUp(rows, kRows) * width, 0.f);
  return room;
}

MIXMIM_TARGET inline void mlp(const MlpRows& all, KernelScratch& scratch) {
  const int64_t width = all.width, block = rowsOfBlock(all.hidden);
  const int64_t roomSize = leftRoom(block, width < all.hidden ? all.hidden : width);
  scratch.reset(block * (all.hidden + 2 * width) + roomSize, 4);
  float *hidden = scratch.take(block * all.hidden), *lastX = scratch.take(block * width),
        *lastOut = scratch.take(block * width), *room = scratch.take(roomSize);
  for (int64_t first = 0; first < all.rows; first += block) {
    const int64_t rows = all.rows - first < block ? all.rows - first : block, tiles = roundedUp(rows, kRows);
    const float* x = wholeTiles(all.x + first * width, rows, width, lastX);
    float* out = tiles == rows ? all.out + first * width : lastOut;
    multiply({tiles, width, all.hidden, x, all.first, all.firstBias, hidden, all.hidden}, room);
    gelu(hidden, tiles * all.hidden, hidden);
    multiply({tiles, all.hidden, width, hidden, all.second, all.secondBias, out, width}, room);
    if (tiles != rows) std::copy_n(out, rows * width, all.out + first * width);
  }
}

/// Computes the hidden layer again, because the forward pass does not keep it.
MIXMIM_TARGET inline void mlpBackward(const MlpGradient& all, KernelScratch& scratch) {
  const int64_t width = all.width, block = rowsOfBlock(all.hidden);
  const int64_t widest = width < all.hidden ? all.hidden : width;
  const int64_t sizeX = PackedSlab::sizeX(widest), sizeY = PackedSlab::sizeY(widest);
  const int64_t roomSize = leftRoom(block, widest);
  scratch.reset(block * (2 * all.hidden + 3 * width) + sizeX + sizeY + roomSize, 8);
  float *hidden = scratch.take(block * all.hidden), *gradient = scratch.take(block * all.hidden),
        *lastX = scratch.take(block * width), *lastOut = scratch.take(block * width),
        *lastGradient = scratch.take(block * width), *room = scratch.take(roomSize);
  const PackedSlab packed{scratch.take(sizeX), scratch.take(sizeY)};
  std::fill_n(all.firstWeights, all.hidden * width, 0.f);
  std::fill_n(all.firstBiases, all.hidden, 0.f);
  std::fill_n(all.secondWeights, width * all.hidden, 0.f);
  std::fill_n(all.secondBiases, width, 0.f);
  for (int64_t first = 0; first < all.rows; first += block) {
    const int64_t rows = all.rows - first < block ? all.rows - first : block, tiles = roundedUp(rows, kRows);
    const float* x = wholeTiles(all.x + first * width, rows, width, lastX);
    const float* out = wholeTiles(all.out + first * width, rows, width, lastOut);
    float* xGradient = tiles == rows ? all.xGradient + first * width : lastGradient;
    multiply({tiles, width, all.hidden, x, all.first, all.firstBias, hidden, all.hidden}, room);
    multiply({tiles, width, all.hidden, out, all.secondBack, nullptr, gradient, all.hidden}, room);
    geluBackward(hidden, tiles * all.hidden, gradient, hidden);
    multiply({tiles, all.hidden, width, gradient, all.firstBack, nullptr, xGradient, width}, room);
    addProducts({rows, width, all.hidden, x, gradient, all.hidden, all.firstWeights, all.firstBiases},
                packed);
    addProducts({rows, all.hidden, width, hidden, out, width, all.secondWeights, all.secondBiases}, packed);
    if (tiles != rows) std::copy_n(xGradient, rows * width, all.xGradient + first * width);
  }
}

}  // namespace

}  // namespace cv::mixmim
