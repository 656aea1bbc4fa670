// Numbers as they are stored, and four of them at once.
#pragma once

namespace cv::mixmim::gpu {

/// The upper half of a float. CUDA's own type is in a header that a machine with a GPU need not have.
struct Bfloat16 {
  unsigned short bits;
};

template <class Real>
__device__ inline Real toReal(Real x) {
  return x;
}
template <class Real>
__device__ inline Real toReal(Bfloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

template <class Real, class Stored>
struct Rounded {
  __device__ static Stored of(Real x) { return x; }
};
/// To the nearest, halves to even. The bits of a number that is not one may not carry into its sign.
template <class Real>
struct Rounded<Real, Bfloat16> {
  __device__ static Bfloat16 of(Real x) {
    const unsigned bits = __float_as_uint(x);
    if (x != x) return {static_cast<unsigned short>(bits >> 16 | 0x40)};
    return {static_cast<unsigned short>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
  }
};

/// Four neighbours: one instruction reads or writes them.
template <class Number>
struct alignas(4 * sizeof(Number)) Four {
  Number at[4];
};

template <class Real, class Stored>
__device__ inline Four<Real> load(const Stored* from) {
  const Four<Stored> stored = *reinterpret_cast<const Four<Stored>*>(from);
  Four<Real> x;
  for (int i = 0; i < 4; ++i) x.at[i] = toReal<Real>(stored.at[i]);
  return x;
}

template <class Real, class Stored>
__device__ inline void store(Stored* to, const Four<Real>& x) {
  Four<Stored> stored;
  for (int i = 0; i < 4; ++i) stored.at[i] = Rounded<Real, Stored>::of(x.at[i]);
  *reinterpret_cast<Four<Stored>*>(to) = stored;
}

}  // namespace cv::mixmim::gpu
