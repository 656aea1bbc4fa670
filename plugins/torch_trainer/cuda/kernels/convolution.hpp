// Depthwise 3 x 3 convolution of tokens by lists of neighbours, and the sums of its gradient. The gradient of
// x is the convolution with mirrored taps, because neighbours are mutual.
#pragma once

#include "cuda/kernels/sums.hpp"

namespace cv::mixmim::gpu {

/// Four columns of the token under a tap of row r; zeros where there is none.
template <class Real, class Stored>
__device__ inline Four<Real> underTap(const Stored* x, const TokenGrid& grid, long long r, int tap,
                                      int column) {
  const long long token = r % grid.tokens;
  const int other = grid.neighbours[token * kTaps + tap];
  if (other < 0) return {};
  return load<Real>(x + (r - token + other) * grid.width + column);
}

/// A thread keeps the taps of its four columns. block: kWarp x kSlabThreads; grid: all columns x slabs.
template <class Real, class Stored>
__device__ void depthwise(const Depthwise<Real, Stored>& a) {
  const int column = 4 * (blockIdx.x * kWarp + threadIdx.x);
  if (column >= a.grid.width) return;
  Four<Real> taps[kTaps], bias{};
  for (int o = 0; o < kTaps; ++o) taps[o] = load<Real>(a.taps + o * a.grid.width + column);
  if (a.bias) bias = load<Real>(a.bias + column);
  const long long first = blockIdx.y * a.rowsPerSlab, next = first + a.rowsPerSlab;
  const long long end = next < a.rows ? next : a.rows;
  for (long long r = first + threadIdx.y; r < end; r += kSlabThreads) {
    Four<Real> sum = bias;
    for (int o = 0; o < kTaps; ++o) {
      const Four<Real> x = underTap<Real>(a.x, a.grid, r, o, column);
      for (int i = 0; i < 4; ++i) sum.at[i] += taps[o].at[i] * x.at[i];
    }
    store(a.out + r * a.grid.width + column, sum);
  }
}

/// A tap's columns follow those of the tap before; the bias' are the last.
template <class Real, class Stored>
__device__ void depthwiseSums(const DepthwiseSums<Real, Stored>& a) {
  sumSlab(a.slabs, [&](long long r, int place) {
    const int tap = place / a.grid.width, column = place % a.grid.width;
    Four<Real> product = load<Real>(a.out + r * a.grid.width + column);
    if (tap == kTaps) return product;
    const Four<Real> x = underTap<Real>(a.x, a.grid, r, tap, column);
    for (int i = 0; i < 4; ++i) product.at[i] *= x.at[i];
    return product;
  });
}

}  // namespace cv::mixmim::gpu
