// Bytes of pictures to what the model sees and to what it should answer, with nothing in between in memory.
#pragma once

#include "cuda/kernels/sums.hpp"

namespace cv::mixmim::gpu {

constexpr int kPixelThreads = 256;   ///< block.x of the loss
constexpr int kPixelsOfThread = 16;  ///< numbers of a cell that a thread keeps at most
constexpr int kPatchesTogether = 8;  ///< block.y of the patches

/// values[channel]. Not so, because an index that is known only at run time would put the arguments of a
/// kernel into memory.
__device__ inline float ofChannel(const float (&values)[3], int channel) {
  return channel == 0 ? values[0] : channel == 1 ? values[1] : values[2];
}

template <class Real>
__device__ inline Real pixel(const Pictures& pictures, int picture, int row, int column, int channel) {
  const long long at =
      ((static_cast<long long>(picture) * pictures.height + row) * pictures.width + column) * 3 + channel;
  return (Real(pictures.bytes[at]) / 255 - Real(ofChannel(pictures.mean, channel))) /
         Real(ofChannel(pictures.deviation, channel));
}

/// block: kWarp x kPatchesTogether; grid: all patches.
template <class Real, class Stored>
__device__ void patchRows(const PatchRows<Stored>& a) {
  const long long patch = static_cast<long long>(blockIdx.x) * kPatchesTogether + threadIdx.y;
  if (patch >= static_cast<long long>(a.pictures.batch) * a.tokens) return;
  const int picture = static_cast<int>(patch / a.tokens), across = a.pictures.width / a.side;
  const int place = static_cast<int>(a.order[patch % a.tokens]);
  const int top = place / across * a.side, left = place % across * a.side, area = a.side * a.side;
  for (int i = threadIdx.x; i < 3 * area; i += kWarp) {
    const int channel = i / area, row = i % area / a.side, column = i % a.side;
    a.out[patch * 3 * area + i] =
        Rounded<Real, Stored>::of(pixel<Real>(a.pictures, picture, top + row, left + column, channel));
  }
}

/// The numbers of a cell that a thread has: threadIdx.x, and every kPixelThreads-th after it.
template <class Work>
__device__ void forOwnPixels(int width, Work work) {
  for (int k = 0; k < kPixelsOfThread; ++k) {
    const int i = static_cast<int>(threadIdx.x) + k * kPixelThreads;
    if (i < width) work(k, i);
  }
}

/// A block of kPixelThreads threads for every cell: grid.x = batch * cells.
template <class Real, class Stored>
__device__ void reconstructionLoss(const ReconstructionLoss<Real, Stored>& a) {
  const int opposite = a.pictures.batch - 1 - static_cast<int>(blockIdx.x) / a.cells,
            across = a.pictures.width / a.side;
  const int place = static_cast<int>(a.order[blockIdx.x % a.cells]);
  const int top = place / across * a.side, left = place % across * a.side, line = 3 * a.side,
            width = line * a.side;
  Real target[kPixelsOfThread], sum = 0, squares = 0;
  forOwnPixels(width, [&](int k, int i) {
    target[k] = pixel<Real>(a.pictures, opposite, top + i / line, left + i % line / 3, i % 3);
    sum += target[k];
  });
  if (a.normalised) {
    const Real mean = rowSum(sum) / width;
    forOwnPixels(width, [&](int k, int) {
      target[k] -= mean;
      squares += target[k] * target[k];
    });
    const Real inverse = 1 / sqrt(rowSum(squares) / (width - 1) + static_cast<Real>(a.eps));
    forOwnPixels(width, [&](int k, int) { target[k] *= inverse; });
  }
  const long long start = blockIdx.x * static_cast<long long>(width);
  const Real scale = Real(2) / (static_cast<Real>(gridDim.x) * width);
  squares = 0;
  forOwnPixels(width, [&](int k, int i) {
    const Real difference = toReal<Real>(a.predicted[start + i]) - target[k];
    squares += difference * difference;
    a.gradient[start + i] = Rounded<Real, Stored>::of(scale * difference);
  });
  squares = rowSum(squares);
  if (threadIdx.x == 0) a.squares[blockIdx.x] = squares;
}

}  // namespace cv::mixmim::gpu
