// The loops of kernels/attention.hpp, for the includer's instruction set (compiled_for.hpp).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/attention.hpp"
#include "squares.hpp"
#include "vectors.hpp"

namespace cv::mixmim {

namespace {

/// Queries of a block.
inline constexpr int kRows = MIXMIM_ROWS;

/// rows x dim -> dim x padded, 0 beyond rows.
MIXMIM_TARGET inline void transpose(const float* from, int64_t step, int64_t rows, int dim, float* to,
                                    int64_t padded) {
  for (int64_t first = 0; first < padded; first += kLanes)
    for (int d = 0; d < dim; d += kLanes) {
      Vec square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        square[i] = first + i < rows ? load(from + (first + i) * step + d) : Vec{};
      transposeSquare(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(to + (d + i) * padded + first, square[i]);
    }
}

/// The row of the matrix that is the i-th of a list.
MIXMIM_TARGET inline int64_t rowOf(const int32_t* list, int64_t i) {
  return list ? list[i] : i;
}

/// rows x dim, a step from row to row.
struct Following {
  const float* data;
  int64_t step;
};

/// Rows that follow each other: those of a list are copied to `room`, others stay where they are.
MIXMIM_TARGET inline Following following(const float* from, int64_t step, const int32_t* list, int64_t rows,
                                         int dim, float* room) {
  if (!list) return {from, step};
  for (int64_t r = 0; r < rows; ++r)
    for (int d = 0; d < dim; d += kLanes) store(room + r * dim + d, load(from + list[r] * step + d));
  return {room, dim};
}

/// kRows x dim of a block that begins with the row `first`, times `factor`; 0 beyond `rows`.
MIXMIM_TARGET inline void copyBlock(const float* from, int64_t step, const int32_t* list, int64_t first,
                                    int64_t rows, int dim, float factor, float* to) {
  for (int r = 0; r < kRows; ++r) {
    const float* row = r < rows ? from + rowOf(list, first + r) * step : nullptr;
    for (int d = 0; d < dim; d += kLanes)
      store(to + r * dim + d, row ? load(row + d) * splat(factor) : Vec{});
  }
}

/// kWide registers' worth of columns of product().
template <int kWide>
MIXMIM_TARGET inline void productColumns(const float* left, int64_t leftStep, int64_t inner,
                                         const float* right, int64_t rightStep, float* out, int64_t outStep) {
  Vec sums[kRows][kWide] = {};
  for (int64_t i = 0; i < inner; ++i) {
    Vec row[kWide];
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) row[w] = load(right + i * rightStep + w * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec factor = splat(left[r * leftStep + i]);
#pragma GCC unroll 2
      for (int w = 0; w < kWide; ++w) sums[r][w] += factor * row[w];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) store(out + r * outStep + w * kLanes, sums[r][w]);
}

/// out (kRows x columns) = left (kRows x inner) * right (inner x columns), a step from row to row of each.
MIXMIM_TARGET inline void product(const float* left, int64_t leftStep, int64_t inner, const float* right,
                                  int64_t rightStep, int64_t columns, float* out, int64_t outStep) {
  int64_t c = 0;
  for (; c + 2 * kLanes <= columns; c += 2 * kLanes)
    productColumns<2>(left, leftStep, inner, right + c, rightStep, out + c, outStep);
  for (; c < columns; c += kLanes)
    productColumns<1>(left, leftStep, inner, right + c, rightStep, out + c, outStep);
}

/// Columns of gradient (keys x dim) += transpose of table (kRows x padded) * block (kRows x dim).
template <int kWide>
MIXMIM_TARGET inline void addOuterColumns(const float* table, int64_t padded, const float* block,
                                          int64_t keys, int dim, float* gradient) {
  Vec rows[kRows][kWide];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) rows[r][w] = load(block + r * dim + w * kLanes);
  for (int64_t j = 0; j < keys; ++j) {
    Vec sums[kWide];
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) sums[w] = load(gradient + j * dim + w * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec factor = splat(table[r * padded + j]);
#pragma GCC unroll 2
      for (int w = 0; w < kWide; ++w) sums[w] += factor * rows[r][w];
    }
#pragma GCC unroll 2
    for (int w = 0; w < kWide; ++w) store(gradient + j * dim + w * kLanes, sums[w]);
  }
}

MIXMIM_TARGET inline void addOuterProducts(const float* table, int64_t padded, const float* block,
                                           int64_t keys, int dim, float* gradient) {
  int d = 0;
  for (; d + 2 * kLanes <= dim; d += 2 * kLanes)
    addOuterColumns<2>(table, padded, block + d, keys, dim, gradient + d);
  for (; d < dim; d += kLanes) addOuterColumns<1>(table, padded, block + d, keys, dim, gradient + d);
}

/// Adds the bias to a row of scores, and returns the largest.
MIXMIM_TARGET inline float addBias(float* scores, const float* bias, int64_t padded) {
  Vec most = splat(-3e38f);
  for (int64_t c = 0; c < padded; c += kLanes) {
    const Vec score = load(scores + c) + load(bias + c);
    store(scores + c, score);
    most = larger(score, most);
  }
  return largestOf(most);
}

/// scores -> exp(scores - largest), in place. Returns their sum.
MIXMIM_TARGET inline float exponentials(float* scores, int64_t padded, float largest) {
  Vec sum = {};
  for (int64_t c = 0; c < padded; c += kLanes) {
    const Vec power = expOf(load(scores + c) - splat(largest));
    store(scores + c, power);
    sum += power;
  }
  return sumOf(sum);
}

MIXMIM_TARGET inline void forward(const AttentionHead& head, KernelScratch& scratch) {
  const int dim = head.dim;
  const int64_t padded = paddedKeys(head.keys), listed = head.keyRows ? head.keys * dim : 0;
  scratch.reset(dim * padded + listed + kRows * (padded + 2 * dim), 5);
  float* keys = scratch.take(dim * padded);
  float* room = scratch.take(listed);
  float* table = scratch.take(kRows * padded);
  float* block = scratch.take(int64_t{kRows} * dim);
  float* sums = scratch.take(int64_t{kRows} * dim);
  const Following k = following(head.k, head.kvStep, head.keyRows, head.keys, dim, room);
  transpose(k.data, k.step, head.keys, dim, keys, padded);
  const Following v = following(head.v, head.kvStep, head.keyRows, head.keys, dim, room);
  for (int64_t first = 0; first < head.queries; first += kRows) {
    const int64_t rows = head.queries - first < kRows ? head.queries - first : kRows;
    copyBlock(head.q, head.qStep, head.queryRows, first, rows, dim, head.scale, block);
    product(block, dim, dim, keys, padded, padded, table, padded);
    // A loop for each step of the softmax, because a row's steps wait for each other and other rows' do not.
    float largest[kRows], sum[kRows];
    for (int64_t r = 0; r < rows; ++r)
      largest[r] = addBias(table + r * padded, head.bias + (first + r) * head.biasStep, padded);
    for (int64_t r = 0; r < rows; ++r) sum[r] = exponentials(table + r * padded, padded, largest[r]);
    for (int64_t r = 0; r < rows; ++r)
      head.logSum[rowOf(head.queryRows, first + r)] = largest[r] + std::log(sum[r]);
    product(table, padded, head.keys, v.data, v.step, dim, sums, dim);
    for (int64_t r = 0; r < rows; ++r) {
      float* out = head.out + rowOf(head.queryRows, first + r) * head.outStep;
      for (int d = 0; d < dim; d += kLanes) store(out + d, load(sums + r * dim + d) * splat(1 / sum[r]));
    }
  }
}

/// Probabilities again, and from the gradient of the probabilities that of the scores: p * (g - sum(p * g)).
MIXMIM_TARGET inline void scoreGradientRow(float* probabilities, float* gradient, const float* bias,
                                           float* biasGradient, int64_t padded, float logSum, float inner) {
  for (int64_t c = 0; c < padded; c += kLanes) {
    const Vec p = expOf(load(probabilities + c) + load(bias + c) - splat(logSum));
    const Vec g = p * (load(gradient + c) - splat(inner));
    store(probabilities + c, p);
    store(gradient + c, g);
    if (biasGradient) store(biasGradient + c, load(biasGradient + c) + g);
  }
}

MIXMIM_TARGET inline float dot(const float* a, const float* b, int dim) {
  Vec sum = {};
  for (int d = 0; d < dim; d += kLanes) sum += load(a + d) * load(b + d);
  return sumOf(sum);
}

MIXMIM_TARGET inline void clear(float* numbers, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(numbers + i, Vec{});
}

/// rows x dim, times `factor`, to the rows `first` and on of a matrix.
MIXMIM_TARGET inline void copyRows(const float* from, int64_t rows, int dim, float factor, float* to,
                                   int64_t step, const int32_t* list, int64_t first) {
  for (int64_t r = 0; r < rows; ++r) {
    float* row = to + rowOf(list, first + r) * step;
    for (int d = 0; d < dim; d += kLanes) store(row + d, load(from + r * dim + d) * splat(factor));
  }
}

MIXMIM_TARGET inline void backward(const AttentionHead& head, const AttentionHeadGradient& gradient,
                                   KernelScratch& scratch) {
  const int dim = head.dim;
  const int64_t padded = paddedKeys(head.keys), listed = head.keyRows ? head.keys * dim : 0;
  scratch.reset(2 * dim * padded + 2 * head.keys * dim + listed + kRows * (2 * padded + 3 * dim), 10);
  float* keys = scratch.take(dim * padded);
  float* values = scratch.take(dim * padded);
  float* keyGradient = scratch.take(head.keys * dim);
  float* valueGradient = scratch.take(head.keys * dim);
  float* room = scratch.take(listed);
  float* table = scratch.take(kRows * padded);
  float* tableGradient = scratch.take(kRows * padded);
  float* block = scratch.take(int64_t{kRows} * dim);
  float* outBlock = scratch.take(int64_t{kRows} * dim);
  float* sums = scratch.take(int64_t{kRows} * dim);
  const Following v = following(head.v, head.kvStep, head.keyRows, head.keys, dim, room);
  transpose(v.data, v.step, head.keys, dim, values, padded);
  const Following k = following(head.k, head.kvStep, head.keyRows, head.keys, dim, room);
  transpose(k.data, k.step, head.keys, dim, keys, padded);
  clear(keyGradient, head.keys * dim);
  clear(valueGradient, head.keys * dim);
  for (int64_t first = 0; first < head.queries; first += kRows) {
    const int64_t rows = head.queries - first < kRows ? head.queries - first : kRows;
    copyBlock(head.q, head.qStep, head.queryRows, first, rows, dim, head.scale, block);
    copyBlock(gradient.out, head.outStep, head.queryRows, first, rows, dim, 1, outBlock);
    product(block, dim, dim, keys, padded, padded, table, padded);
    product(outBlock, dim, dim, values, padded, padded, tableGradient, padded);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = rowOf(head.queryRows, first + r);
      scoreGradientRow(table + r * padded, tableGradient + r * padded,
                       head.bias + (first + r) * head.biasStep,
                       gradient.bias ? gradient.bias + (first + r) * padded : nullptr, padded,
                       head.logSum[row], dot(outBlock + r * dim, head.out + row * head.outStep, dim));
    }
    clear(table + rows * padded, (kRows - rows) * padded);
    clear(tableGradient + rows * padded, (kRows - rows) * padded);
    product(tableGradient, padded, head.keys, k.data, k.step, dim, sums, dim);
    copyRows(sums, rows, dim, head.scale, gradient.q, head.qStep, head.queryRows, first);
    addOuterProducts(tableGradient, padded, block, head.keys, dim, keyGradient);
    addOuterProducts(table, padded, outBlock, head.keys, dim, valueGradient);
  }
  copyRows(keyGradient, head.keys, dim, 1, gradient.k, head.kvStep, head.keyRows, 0);
  copyRows(valueGradient, head.keys, dim, 1, gradient.v, head.kvStep, head.keyRows, 0);
}

/// A row of a piece is a part of a row of the table. Whole registers are copied: numbers past the end of a
/// part are overwritten by the next one.
MIXMIM_TARGET inline void relativeBias(const float* table, const WindowPiece& piece, float* bias) {
  const int64_t keys = int64_t{piece.width} * piece.height, padded = paddedKeys(keys);
  const int64_t tableWidth = 2 * piece.windowWidth - 1;
  for (int64_t i = 0; i < keys; ++i, bias += padded) {
    const float* part = table + (piece.windowHeight - 1 - i / piece.width) * tableWidth + piece.windowWidth -
                        1 - i % piece.width;
    for (int64_t j = 0; j < keys; j += piece.width, part += tableWidth)
      for (int64_t x = 0; x < piece.width; x += kLanes) store(bias + j + x, load(part + x));
    for (int64_t j = keys; j < padded; ++j) bias[j] = -std::numeric_limits<float>::infinity();
  }
}

}  // namespace

}  // namespace cv::mixmim
