// The loops of kernels/int8.hpp, for the includer's instruction set (compiled_for.hpp).
#pragma once

#include <cstdint>

#include "kernels/int8.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

using LooseIntVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias)) = int32_t;
using ByteVec __attribute__((vector_size(kLanes))) = uint8_t;
using LooseByteVec __attribute__((vector_size(kLanes), aligned(1), may_alias)) = uint8_t;

MIXMIM_TARGET inline void rangeOf(const float* x, int64_t count, float& least, float& most) {
  Vec high = splat(x[0]), low = splat(-x[0]);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vec value = load(x + i);
    high = larger(value, high);
    low = larger(-value, low);
  }
  most = largestOf(high);
  least = -largestOf(low);
  for (; i < count; ++i) {
    most = most < x[i] ? x[i] : most;
    least = x[i] < least ? x[i] : least;
  }
}

MIXMIM_TARGET inline ByteRow quantize(const float* x, int64_t count, uint8_t* bytes) {
  constexpr float kRound = 12582912.f;  // 1.5 * 2^23: adding it leaves the nearest integer in the last bits
  float least, most;
  rangeOf(x, count, least, most);
  const float step = (most - least) / 255, inverse = step > 0 ? 1 / step : 0;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vec shifted = (load(x + i) - splat(least)) * splat(inverse) + splat(kRound);
    const IntVec integers = reinterpret_cast<IntVec>(shifted) & 255;
    *reinterpret_cast<LooseByteVec*>(bytes + i) = __builtin_convertvector(integers, ByteVec);
  }
  for (; i < count; ++i) {
    const float byte = (x[i] - least) * inverse + 0.5f;
    bytes[i] = static_cast<uint8_t>(byte < 255 ? byte : 255);
  }
  return {least, step};
}

template <bool kAdding>
MIXMIM_TARGET inline void finishRow(const int32_t* sums, const ByteRow& row, const ByteColumns& columns,
                                    float* to) {
  int64_t i = 0;
  for (; i + kLanes <= columns.count; i += kLanes) {
    const IntVec whole = *reinterpret_cast<const LooseIntVec*>(sums + i);
    Vec value = __builtin_convertvector(whole, Vec) * (load(columns.step + i) * splat(row.step));
    value += load(columns.sum + i) * splat(row.least) + load(columns.bias + i);
    store(to + i, kAdding ? load(to + i) + value : value);
  }
  for (; i < columns.count; ++i) {
    const float value = static_cast<float>(sums[i]) * (columns.step[i] * row.step) +
                        columns.sum[i] * row.least + columns.bias[i];
    to[i] = kAdding ? to[i] + value : value;
  }
}

MIXMIM_TARGET inline void finish(const int32_t* sums, const ByteRow& row, const ByteColumns& columns,
                                 float* to) {
  finishRow<false>(sums, row, columns, to);
}

MIXMIM_TARGET inline void finishAdding(const int32_t* sums, const ByteRow& row, const ByteColumns& columns,
                                       float* to) {
  finishRow<true>(sums, row, columns, to);
}

}  // namespace

}  // namespace cv::mixmim
