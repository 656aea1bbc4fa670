// Attention of one head on the CPU, block of queries by block of queries: the matrix of scores is never
// stored as a whole, and the backward pass recomputes it from the logarithms of the softmax sums. One set of
// loops, compiled for several instruction sets.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// A head dimension must be a multiple of this.
constexpr int kHeadMultiple = 16;

/// Keys are padded to a multiple of this, so that no loop has a remainder.
constexpr int64_t kKeyMultiple = 16;
constexpr int64_t paddedKeys(int64_t keys) {
  return (keys + kKeyMultiple - 1) / kKeyMultiple * kKeyMultiple;
}

/// One head of one sequence. Row i of a matrix begins at data + i * step and has `dim` numbers; where there
/// is a list of rows, at data + list[i] * step.
struct AttentionHead {
  int64_t queries, keys;
  int dim;
  float scale;  ///< of the products, before the bias
  const float *q, *k, *v;
  int64_t qStep, kvStep;
  /// Rows of q, out and logSum, and rows of k and v; their gradients use the same lists. Null: rows follow
  /// each other. No row is listed twice.
  const int32_t *queryRows, *keyRows;
  /// Added to the scores; rows of paddedKeys(keys) numbers, -infinity beyond `keys`. Step 0: one row for all.
  const float* bias;
  int64_t biasStep;
  float* out;  ///< written forward, read backward
  int64_t outStep;
  float* logSum;  ///< per query log(sum(exp(score))), written forward, read backward
};

/// Where the backward pass reads the gradient of `out` and writes the others. Steps and rows as in
/// AttentionHead.
struct AttentionHeadGradient {
  const float* out;
  float *q, *k, *v;
  float* bias;  ///< queries x paddedKeys(keys), added to; null where nobody wants it
};

/// A rectangle of tokens in a window, in raster order.
struct WindowPiece {
  int windowWidth, windowHeight;  ///< tokens of the window
  int width, height;              ///< tokens of the piece
};

struct AttentionKernels {
  const char* name;
  void (*forward)(const AttentionHead& head, KernelScratch& scratch);
  void (*backward)(const AttentionHead& head, const AttentionHeadGradient& gradient, KernelScratch& scratch);
  /// Writes AttentionHead::bias of a piece from the relative position table of its window. `table` has 2
  /// windowHeight - 1 rows of 2 windowWidth - 1 numbers, and the key that stands y rows below and x columns
  /// right of its query takes the one at (y + windowHeight - 1, x + windowWidth - 1). It pays to do this for
  /// each head, because a table fits into the L1 cache where the scores' bias does not. Both arrays have room
  /// for kKeyMultiple numbers more.
  void (*relativeBias)(const float* table, const WindowPiece& piece, float* bias);
};

extern const AttentionKernels kPortableAttention;
#if defined(__x86_64__)
extern const AttentionKernels kAvx2Attention;    ///< needs FMA too
extern const AttentionKernels kAvx512Attention;  ///< needs AVX-512 F
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit.
/// MIXMIM_KERNELS as in kernels/layers.hpp.
std::vector<const AttentionKernels*> attentionKernels();

}  // namespace cv::mixmim
