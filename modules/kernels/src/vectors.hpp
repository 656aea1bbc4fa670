// Floats by the register, for the includer's instruction set (compiled_for.hpp).
#pragma once

#include <cstdint>

#include "compiled_for.hpp"

namespace cv::mixmim {

namespace {

using Vec __attribute__((vector_size(kLanes * 4))) = float;
using LooseVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias)) = float;
using IntVec __attribute__((vector_size(kLanes * 4))) = int32_t;

MIXMIM_TARGET inline Vec load(const float* from) {
  return *reinterpret_cast<const LooseVec*>(from);
}

MIXMIM_TARGET inline void store(float* to, Vec value) {
  *reinterpret_cast<LooseVec*>(to) = value;
}

/// Subtracts 0 and does not add it, because x - 0 is x bit for bit and costs nothing; -0 + 0 is not -0.
MIXMIM_TARGET inline Vec splat(float value) {
  return value - Vec{};
}

MIXMIM_TARGET inline Vec larger(Vec a, Vec b) {
  return a > b ? a : b;
}

/// Four lanes.
using Quad __attribute__((vector_size(16), may_alias)) = float;

MIXMIM_TARGET inline float sumOf(Vec v) {
  const Quad* quads = reinterpret_cast<const Quad*>(&v);
  Quad sum = quads[0];
  for (int i = 1; i < kLanes / 4; ++i) sum += quads[i];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

MIXMIM_TARGET inline float largestOf(Vec v) {
  const Quad* quads = reinterpret_cast<const Quad*>(&v);
  Quad most = quads[0];
  for (int i = 1; i < kLanes / 4; ++i) most = most < quads[i] ? quads[i] : most;
  const float even = most[0] < most[2] ? most[2] : most[0], odd = most[1] < most[3] ? most[3] : most[1];
  return even < odd ? odd : even;
}

/// e^x for x <= 0, to 2e-7 of its value; 1e-38 where e^x is less. Taylor to the 7th power around the nearest
/// multiple of log 2.
MIXMIM_TARGET inline Vec expOf(Vec x) {
  constexpr float kRound = 12582912.f;  // 1.5 * 2^23: adding it leaves the nearest integer in the last bits
  x = larger(x, splat(-87.f));
  const Vec shifted = x * splat(1.44269504f) + splat(kRound);
  const Vec n = shifted - splat(kRound);
  Vec r = x - n * splat(0.693359375f);  // log 2 in two parts, the first exact in products with n
  r = r + n * splat(2.12194440e-4f);
  Vec p = r * splat(1 / 5040.f) + splat(1 / 720.f);
  p = p * r + splat(1 / 120.f);
  p = p * r + splat(1 / 24.f);
  p = p * r + splat(1 / 6.f);
  p = p * r + splat(0.5f);
  p = p * r + splat(1.f);
  p = p * r + splat(1.f);
  const IntVec exponent = reinterpret_cast<IntVec>(shifted) << 23;
  return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(p) + exponent);
}

}  // namespace

}  // namespace cv::mixmim
