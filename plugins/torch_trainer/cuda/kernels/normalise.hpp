// LayerNorm with the addition before it, both ways. A row belongs to block.x threads, which keep it in
// registers from the first read to the last write; a block has block.y rows at a time and takes further ones
// as a whole.
#pragma once

#include "cuda/kernels/sums.hpp"

namespace cv::mixmim::gpu {

constexpr int kFours = 2;  ///< of a row, in the registers of one thread at most

/// The columns of a thread: four neighbours each, all threads' first, then all threads' second.
struct OwnColumns {
  int width;

  __device__ int operator[](int four) const {
    return 4 * (static_cast<int>(threadIdx.x) + four * static_cast<int>(blockDim.x));
  }
  __device__ bool has(int four) const { return (*this)[four] < width; }
};

template <class Real>
struct RowPart {
  Four<Real> fours[kFours];
};

/// work(four, column) for every four of columns that the thread has.
template <class Work>
__device__ void forOwn(const OwnColumns& columns, Work work) {
  for (int four = 0; four < kFours; ++four)
    if (columns.has(four)) work(four, columns[four]);
}

template <class Real>
__device__ Real factorOf(const Real* factors, long long row, long long rowsPerFactor) {
  return factors ? factors[row / rowsPerFactor] : Real(1);
}

/// x + factor * branch at a place, either of them or both.
template <class Real, class Stored>
__device__ Four<Real> added(const Real* x, const Stored* branch, Real factor, long long at) {
  Four<Real> sum = x ? load<Real>(x + at) : Four<Real>{};
  if (!branch) return sum;
  const Four<Real> more = load<Real>(branch + at);
  for (int i = 0; i < 4; ++i) sum.at[i] += factor * more.at[i];
  return sum;
}

template <class Real, class Stored>
__device__ void addAndNormaliseRow(const NormRows<Real, Stored>& a, long long row) {
  const OwnColumns columns{a.width};
  const long long start = row * a.width;
  const Real factor = factorOf(a.factors, row, a.rowsPerFactor);
  RowPart<Real> own;
  Real sum = 0, squares = 0;
  forOwn(columns, [&](int four, int column) {
    own.fours[four] = added(a.x, a.branch, factor, start + column);
    if (a.sum) store(a.sum + start + column, own.fours[four]);
    for (const Real x : own.fours[four].at) sum += x;
  });
  const Real mean = rowSum(sum) / a.width;
  forOwn(columns, [&](int four, int) {
    for (Real& x : own.fours[four].at) {
      x -= mean;
      squares += x * x;
    }
  });
  const Real inverse = 1 / sqrt(rowSum(squares) / a.width + static_cast<Real>(a.eps));
  forOwn(columns, [&](int four, int column) {
    const Four<Real> gain = load<Real>(a.gain + column), bias = load<Real>(a.bias + column);
    Four<Real> out;
    for (int i = 0; i < 4; ++i) out.at[i] = own.fours[four].at[i] * inverse * gain.at[i] + bias.at[i];
    if (a.out) store(a.out + start + column, out);
    if (a.wideOut) store(a.wideOut + start + column, out);
  });
  if (threadIdx.x > 0) return;
  a.mean[row] = mean;
  a.inverse[row] = inverse;
}

/// grid.x * block.y rows at a time.
template <class Real, class Stored>
__device__ void addAndNormalise(const NormRows<Real, Stored>& a) {
  const long long together = static_cast<long long>(gridDim.x) * blockDim.y;
  for (long long row = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y; row < a.rows;
       row += together)
    addAndNormaliseRow(a, row);
}

/// What a thread's columns add to the gradients of gain and bias.
template <class Real>
struct NormSums {
  RowPart<Real> gain{}, bias{};
};

template <class Real, class Stored>
__device__ void normaliseBackwardRow(const NormGradient<Real, Stored>& a, long long row,
                                     NormSums<Real>& sums) {
  const OwnColumns columns{a.width};
  const long long start = row * a.width;
  const Real factor = factorOf(a.factors, row, a.rowsPerFactor), mean = a.mean[row], inverse = a.inverse[row];
  RowPart<Real> normed, scaled;  // the row, normalised; the gradient of that
  Real sum = 0, product = 0;
  forOwn(columns, [&](int four, int column) {
    const long long at = start + column;
    const Four<Real> x = a.sum ? load<Real>(a.sum + at) : added<Real>(nullptr, a.branch, factor, at);
    const Four<Real> out = a.out ? load<Real>(a.out + at) : load<Real>(a.wideOut + at),
                     gain = load<Real>(a.gain + column);
    for (int i = 0; i < 4; ++i) {
      const Real n = (x.at[i] - mean) * inverse, g = out.at[i] * gain.at[i];
      sums.gain.fours[four].at[i] += out.at[i] * n;
      sums.bias.fours[four].at[i] += out.at[i];
      sum += g;
      product += g * n;
      normed.fours[four].at[i] = n;
      scaled.fours[four].at[i] = g;
    }
  });
  const Real meanOfGradient = rowSum(sum) / a.width, meanOfProduct = rowSum(product) / a.width;
  forOwn(columns, [&](int four, int column) {
    Four<Real> x = a.past ? load<Real>(a.past + start + column) : Four<Real>{};
    for (int i = 0; i < 4; ++i)
      x.at[i] +=
          inverse * (scaled.fours[four].at[i] - meanOfGradient - normed.fours[four].at[i] * meanOfProduct);
    if (a.x) store(a.x + start + column, x);
    for (Real& number : x.at) number *= factor;
    if (a.branchGradient) store(a.branchGradient + start + column, x);
  });
}

template <class Real, class Stored>
__device__ void normaliseBackward(const NormGradient<Real, Stored>& a) {
  const OwnColumns columns{a.width};
  const long long part = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y;
  NormSums<Real> sums;
  for (long long row = part; row < a.rows; row += static_cast<long long>(gridDim.x) * blockDim.y)
    normaliseBackwardRow(a, row, sums);
  Real* own = a.parts + part * 2 * a.width;
  forOwn(columns, [&](int four, int column) {
    store(own + column, sums.gain.fours[four]);
    store(own + a.width + column, sums.bias.fours[four]);
  });
}

}  // namespace cv::mixmim::gpu
