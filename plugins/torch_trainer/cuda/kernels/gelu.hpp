// GELU in its exact form, x * Phi(x), where Phi is the distribution function of the normal distribution.
#pragma once

#include "cuda/kernels/sums.hpp"

namespace cv::mixmim::gpu {

template <class Real>
struct GeluAt {
  Real value, derivative;
};

template <class Real>
__device__ inline GeluAt<Real> geluAt(Real x) {
  constexpr Real kHalf = 0.5, kInverseRootOfTwo = 0.707106781186547524401,
                 kInverseRootOfTwoPi = 0.398942280401432677940;
  const Real phi = kHalf * (1 + erf(x * kInverseRootOfTwo));
  return {x * phi, phi + x * kInverseRootOfTwoPi * exp(-kHalf * x * x)};
}

template <class Real, class Stored>
__device__ void gelu(const Gelu<Stored>& a) {
  const long long together = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long four = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; four < a.fours;
       four += together) {
    Four<Real> x = load<Real>(a.x + 4 * four);
    for (Real& number : x.at) number = geluAt(number).value;
    store(a.out + 4 * four, x);
  }
}

/// The sums are those of the gradient before it is rounded to Stored.
template <class Real, class Stored>
__device__ void geluBackward(const GeluGradient<Real, Stored>& a) {
  sumSlab(a.slabs, [&](long long row, int column) {
    const long long at = row * a.slabs.width + column;
    const Four<Real> x = load<Real>(a.x + at);
    Four<Real> gradient = load<Real>(a.gradient + at), out;
    for (int i = 0; i < 4; ++i) {
      const GeluAt<Real> both = geluAt(x.at[i]);
      gradient.at[i] *= both.derivative;
      out.at[i] = both.value;
    }
    store(a.gradient + at, gradient);
    store(a.out + at, out);
    return gradient;
  });
}

}  // namespace cv::mixmim::gpu
