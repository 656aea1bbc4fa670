// Sums over threads, rows and parts, each in an order that follows from the shapes alone: no atomic
// additions, so that a step gives the same bits every time.
#pragma once

#include "cuda/kernels/arguments.hpp"
#include "cuda/kernels/numbers.hpp"

namespace cv::mixmim::gpu {

constexpr int kWarp = 32;         ///< threads that exchange registers
constexpr int kMostWarps = 16;    ///< of a block that has one row
constexpr int kSlabThreads = 8;   ///< block.y of the sums of columns
constexpr int kPartThreads = 16;  ///< block.y of the sums of parts

/// The sum of `value` over the block.x threads of a row, the same bits in each. A block with more than kWarp
/// of them has one row, and all its threads must come here.
template <class Real>
__device__ Real rowSum(Real value) {
  for (int apart = kWarp / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(0xffffffffu, value, apart);
  if (blockDim.x <= kWarp) return value;
  __shared__ Real warps[kMostWarps];
  __syncthreads();  // the numbers of the call before have been read
  if (threadIdx.x % kWarp == 0) warps[threadIdx.x / kWarp] = value;
  __syncthreads();
  Real sum = 0;
  for (unsigned warp = 0; warp < blockDim.x / kWarp; ++warp) sum += warps[warp];
  return sum;
}

/// The sums over the rows of slab blockIdx.y, for the four columns of every thread.x; row(r, column) gives
/// the numbers of row r. block: kWarp x kSlabThreads; grid: all columns x slabs.
template <class Real, class Row>
__device__ void sumSlab(const Slabs<Real>& slabs, Row row) {
  __shared__ Real sums[kSlabThreads][4 * kWarp];
  const int place = 4 * threadIdx.x, column = blockIdx.x * 4 * kWarp + place;
  const long long first = blockIdx.y * slabs.rowsPerSlab, next = first + slabs.rowsPerSlab;
  const long long end = next < slabs.rows ? next : slabs.rows;
  Four<Real> sum{};
  if (column < slabs.width)
    for (long long r = first + threadIdx.y; r < end; r += kSlabThreads) {
      const Four<Real> numbers = row(r, column);
      for (int i = 0; i < 4; ++i) sum.at[i] += numbers.at[i];
    }
  for (int i = 0; i < 4; ++i) sums[threadIdx.y][place + i] = sum.at[i];
  __syncthreads();
  if (threadIdx.y > 0 || column >= slabs.width) return;
  for (int y = 1; y < kSlabThreads; ++y)
    for (int i = 0; i < 4; ++i) sum.at[i] += sums[y][place + i];
  store(slabs.parts + blockIdx.y * static_cast<long long>(slabs.width) + column, sum);
}

template <class Real, class Stored>
__device__ void sumColumns(const ColumnSums<Real, Stored>& a) {
  sumSlab(a.slabs, [&](long long r, int column) { return load<Real>(a.x + r * a.slabs.width + column); });
}

/// block: kWarp x kPartThreads; grid: all columns.
template <class Real>
__device__ void sumParts(const PartSums<Real>& a) {
  __shared__ Real sums[kPartThreads][kWarp];
  const int column = blockIdx.x * kWarp + threadIdx.x;
  Real sum = 0;
  if (column < a.width)
    for (long long part = threadIdx.y; part < a.count; part += kPartThreads)
      sum += a.parts[part * a.width + column];
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || column >= a.width) return;
  for (int y = 1; y < kPartThreads; ++y) sum += sums[y][threadIdx.x];
  a.sums[column] = sum;
}

}  // namespace cv::mixmim::gpu
