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

/// Adds the rows to `sums`, in four sums that need not wait for each other.
MIXMIM_TARGET inline void addRows(const SpacedRows& all, float* sums) {
  int64_t c = 0;
  for (; c + kLanes <= all.width; c += kLanes) {
    Vec parts[4] = {};
    int64_t r = 0;
    for (; r + 4 <= all.rows; r += 4)
      for (int k = 0; k < 4; ++k) parts[k] += load(all.first + (r + k) * all.step + c);
    for (; r < all.rows; ++r) parts[0] += load(all.first + r * all.step + c);
    store(sums + c, load(sums + c) + ((parts[0] + parts[1]) + (parts[2] + parts[3])));
  }
  for (; c < all.width; ++c)
    for (int64_t r = 0; r < all.rows; ++r) sums[c] += all.first[r * all.step + c];
}

}  // namespace

}  // namespace cv::mixmim
