// The loops of kernels/convolution.hpp, for the includer's instruction set (compiled_for.hpp).
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/convolution.hpp"
#include "layers/row_loops.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Tokens that pass through all columns together, few enough that the rows of their neighbours stay in the L1
/// and L2 caches between columns, and memory is read row by row.
inline constexpr int64_t kGroup = 8;

/// Registers' worth of columns that are computed together; their taps stay in registers.
inline constexpr int kColumns = kLanes == 16 ? 2 : 1;

/// The rows of a group's neighbours, zeros where there is none.
struct NeighbourRows {
  NeighbourRows(const float* x, int64_t width, const int32_t* neighbours, int64_t tokens,
                const float* zeros) {
    for (int64_t i = 0; i < tokens * kTaps; ++i)
      rows[i] = neighbours[i] < 0 ? zeros : x + neighbours[i] * width;
  }

  const float* rows[kGroup * kTaps];
};

inline const float* zeroRow(int64_t width, KernelScratch& scratch) {
  scratch.reset(width, 1);
  float* zeros = scratch.take(width);
  std::fill_n(zeros, width, 0.f);
  return zeros;
}

/// kWide registers' worth of columns of a group, from column c on.
template <int kWide>
MIXMIM_TARGET inline void depthwiseColumns(const DepthwiseRows& all, const NeighbourRows& neighbours,
                                           int64_t tokens, int64_t c, float* out) {
  Vec taps[kTaps][kWide], bias[kWide];
  for (int w = 0; w < kWide; ++w) {
    bias[w] = load(all.bias + c + w * kLanes);
    for (int o = 0; o < kTaps; ++o) taps[o][w] = load(all.taps + o * all.width + c + w * kLanes);
    if (all.residual) taps[kMiddleTap][w] += splat(1.f);
  }
  const float* const* rows = neighbours.rows;
  for (int64_t t = 0; t < tokens; ++t, rows += kTaps) {
    Vec sums[kWide];
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) sums[w] = bias[w];
#pragma GCC unroll 9
    for (int o = 0; o < kTaps; ++o)
#pragma GCC unroll 2
      for (int w = 0; w < kWide; ++w) sums[w] += load(rows[o] + c + w * kLanes) * taps[o][w];
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) store(out + t * all.width + c + w * kLanes, sums[w]);
  }
}

MIXMIM_TARGET inline void depthwise(const DepthwiseRows& all, KernelScratch& scratch) {
  const float* zeros = zeroRow(all.width, scratch);
  for (int64_t first = 0; first < all.tokens; first += kGroup) {
    const int64_t tokens = std::min(kGroup, all.tokens - first);
    const NeighbourRows rows(all.x, all.width, all.neighbours + first * kTaps, tokens, zeros);
    float* out = all.out + first * all.width;
    int64_t c = 0;
    for (; c + kColumns * kLanes <= all.width; c += kColumns * kLanes)
      depthwiseColumns<kColumns>(all, rows, tokens, c, out);
    for (; c < all.width; c += kLanes) depthwiseColumns<1>(all, rows, tokens, c, out);
    if (all.gelu) gelu(out, tokens * all.width, out);
  }
}

/// A register's worth of columns. A neighbour's gradient is read once and serves x and the taps, because with
/// mutual neighbours the tap that a token had for its neighbour is the mirrored one.
MIXMIM_TARGET inline void depthwiseBackwardColumns(const DepthwiseGradient& all,
                                                   const NeighbourRows& neighbours, int64_t first,
                                                   int64_t tokens, int64_t c) {
  Vec taps[kTaps], parts[kTaps], bias = load(all.biasParts + c);
#pragma GCC unroll 9
  for (int o = 0; o < kTaps; ++o) {
    taps[o] = load(all.taps + o * all.width + c);
    parts[o] = load(all.tapParts + o * all.width + c);
  }
  const float* const* rows = neighbours.rows;
  for (int64_t t = 0; t < tokens; ++t, rows += kTaps) {
    const int64_t at = (first + t) * all.width + c;
    const Vec x = load(all.x + at);
    Vec sum = {};
#pragma GCC unroll 9
    for (int o = 0; o < kTaps; ++o) {
      const Vec gradient = load(rows[o] + c);
      sum += gradient * taps[kTaps - 1 - o];
      parts[kTaps - 1 - o] += gradient * x;
    }
    bias += load(rows[kMiddleTap] + c);
    store(all.xGradient + at, sum);
  }
#pragma GCC unroll 9
  for (int o = 0; o < kTaps; ++o) store(all.tapParts + o * all.width + c, parts[o]);
  store(all.biasParts + c, bias);
}

MIXMIM_TARGET inline void depthwiseBackward(const DepthwiseGradient& all, KernelScratch& scratch) {
  const float* zeros = zeroRow(all.width, scratch);
  std::fill_n(all.tapParts, kTaps * all.width, 0.f);
  std::fill_n(all.biasParts, all.width, 0.f);
  for (int64_t first = 0; first < all.tokens; first += kGroup) {
    const int64_t tokens = std::min(kGroup, all.tokens - first);
    const NeighbourRows rows(all.out, all.width, all.neighbours + first * kTaps, tokens, zeros);
    for (int64_t c = 0; c < all.width; c += kLanes) depthwiseBackwardColumns(all, rows, first, tokens, c);
  }
}

MIXMIM_TARGET inline void gather(const GatheredRows& all) {
  for (int64_t i = 0; i < all.rows * all.members; ++i) {
    float* to = all.out + i * all.step;
    if (all.list[i] < 0)
      std::fill_n(to, all.width, 0.f);
    else
      std::copy_n(all.x + all.list[i] * all.step, all.width, to);
  }
}

MIXMIM_TARGET inline void gatherBackward(const GatherGradient& all) {
  for (int64_t i = 0; i < all.rows * all.members; ++i) {
    if (all.list[i] < 0) continue;
    const float* from = all.out + i * all.step;
    float* to = all.x + all.list[i] * all.step;
    int64_t c = 0;
    for (; c + kLanes <= all.width; c += kLanes) store(to + c, load(to + c) + load(from + c));
    for (; c < all.width; ++c) to[c] += from[c];
  }
}

}  // namespace

}  // namespace cv::mixmim
