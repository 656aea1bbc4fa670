// Squares of numbers that change rows with columns in registers, for the includer's instruction set
// (compiled_for.hpp).
#pragma once

#include <utility>

#include "vectors.hpp"

namespace cv::mixmim {

namespace {

template <int kSize, int... kLane>
MIXMIM_TARGET inline Vec firstExchanged(Vec a, Vec b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, ((kLane & kSize) ? kLane - kSize + kLanes : kLane)...);
}

template <int kSize, int... kLane>
MIXMIM_TARGET inline Vec secondExchanged(Vec a, Vec b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, ((kLane & kSize) ? kLane + kLanes : kLane + kSize)...);
}

/// Exchanges, in every 2 x 2 of squares of kSize numbers, the two that are off the diagonal.
template <int kSize>
MIXMIM_TARGET inline void exchangeSquares(Vec* rows) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>();
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (i & kSize) continue;
    const Vec a = rows[i], b = rows[i + kSize];
    rows[i] = firstExchanged<kSize>(a, b, kAll);
    rows[i + kSize] = secondExchanged<kSize>(a, b, kAll);
  }
}

/// kLanes rows of kLanes numbers.
template <int kSize = kLanes / 2>
MIXMIM_TARGET inline void transposeSquare(Vec* rows) {
  exchangeSquares<kSize>(rows);
  if constexpr (kSize > 1) transposeSquare<kSize / 2>(rows);
}

}  // namespace

}  // namespace cv::mixmim
