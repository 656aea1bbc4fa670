// CUDA's threads played on the host, so that the texts of the kernels run as plain C++: every thread of a
// block is a coroutine of its own, which gives way where it waits for others. Include this before the
// kernels.
//
// A warp runs as far as it comes without the others before the next one begins, in ascending or descending
// order, and so do its lanes. A kernel that lacks a barrier then reads what others have not written yet, or
// writes what others have not read yet, in one of the orders at least; threads that wait at different
// barriers are an error.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>

#define __device__
#define __shared__ static

namespace cv::mixmim::gpu {

struct Index {
  unsigned x = 1, y = 1;
};

// The names that CUDA gives a thread's place.
extern Index threadIdx, blockIdx, blockDim, gridDim;

enum class ThreadOrder { kAscending, kDescending };

/// Runs a kernel for every thread of every block, one block after the other. Error std::logic_error where the
/// threads of a block wait for each other for ever.
void runOnHost(Index grid, Index block, ThreadOrder order, const std::function<void()>& kernel);

/// Waits for all threads of the block.
void __syncthreads();

/// Waits for the warp; the place where the calling thread can leave a number for it, and that of another
/// lane.
double* exchangedWith(int apart, double own);

template <class Real>
Real __shfl_xor_sync(unsigned, Real own, int apart) {
  return static_cast<Real>(*exchangedWith(apart, static_cast<double>(own)));
}

inline unsigned __float_as_uint(float x) {
  unsigned bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float __uint_as_float(unsigned bits) {
  float x = 0;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

using std::erf;
using std::exp;
using std::sqrt;

}  // namespace cv::mixmim::gpu
