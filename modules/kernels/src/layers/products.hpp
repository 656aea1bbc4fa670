// The common parts of both kinds of products: product_loops.hpp with vector registers, tile_loops.hpp with
// tiles.
#pragma once

#include <cstdint>

#include "kernels/layers.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Rows packed at a time, so many because a panel of x then stays in the L1 cache.
inline constexpr int64_t kDeep = PackedRows::kSlab;

inline int64_t slabRows(int64_t rows, int64_t first) {
  return rows - first < kDeep ? rows - first : kDeep;
}

/// At most kDeep rows of x and y, and the gradients of weight and bias that they are added to.
struct Slab {
  int64_t rows, inputs, outputs;
  const float *x, *y;
  int64_t yStep;
  float *weight, *bias;
};

constexpr int64_t roundedUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Rows at a distance of `step` numbers.
struct SpacedRows {
  int64_t rows, width;
  const float* first;
  int64_t step;
};

/// kWide registers of addRows(), each in four sums that need not wait for each other.
template <int kWide>
MIXMIM_TARGET inline void addRegisters(const SpacedRows& all, float* sums) {
  Vec parts[4][kWide] = {};
  int64_t r = 0;
  for (; r + 4 <= all.rows; r += 4)
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k)
#pragma GCC unroll 4
      for (int w = 0; w < kWide; ++w) parts[k][w] += load(all.first + (r + k) * all.step + w * kLanes);
  for (; r < all.rows; ++r)
    for (int w = 0; w < kWide; ++w) parts[0][w] += load(all.first + r * all.step + w * kLanes);
  for (int w = 0; w < kWide; ++w)
    store(sums + w * kLanes,
          load(sums + w * kLanes) + ((parts[0][w] + parts[1][w]) + (parts[2][w] + parts[3][w])));
}

/// Adds the rows to `sums`, many columns at a time, because rows are often pages apart.
MIXMIM_TARGET inline void addRows(SpacedRows all, float* sums) {
  constexpr int kMany = kLanes == 16 ? 4 : 2;
  for (; all.width >= kMany * kLanes; all.width -= kMany * kLanes, all.first += kMany * kLanes) {
    addRegisters<kMany>(all, sums);
    sums += kMany * kLanes;
  }
  for (; all.width >= kLanes; all.width -= kLanes, all.first += kLanes, sums += kLanes)
    addRegisters<1>(all, sums);
  for (int64_t c = 0; c < all.width; ++c)
    for (int64_t r = 0; r < all.rows; ++r) sums[c] += all.first[r * all.step + c];
}

}  // namespace

}  // namespace cv::mixmim
