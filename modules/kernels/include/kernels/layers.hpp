// The layers of a Transformer except attention, on the CPU: LayerNorm with the addition before it, GELU,
// products with a weight matrix and its gradient, and a narrow MLP as a whole. One set of loops, compiled for
// several instruction sets; products have a second, for processors that multiply tiles of bfloat16 (Intel
// AMX). Tiles still compute in float32, because a float32 is the sum of three bfloat16, and are a third to a
// half faster than vector registers.
//
// Products are as exact as those of a plain loop in float32, except with tiles: a number that is not finite,
// or 3.396e38 and more, makes a result that is not finite, and a number below 2^-126, or one of its three
// bfloat16 below that, counts as 0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// The width of a row must be a multiple of this.
constexpr int64_t kWidthMultiple = 16;

/// Packed columns are padded to a multiple of this, because it is whole panels of every instruction set.
constexpr int64_t kPanelMultiple = 32;
constexpr int64_t paddedColumns(int64_t columns) {
  return (columns + kPanelMultiple - 1) / kPanelMultiple * kPanelMultiple;
}

/// Rows that follow each other, and what LayerNorm makes of them.
struct NormRows {
  int64_t rows, width;
  int64_t degrees;  ///< the variance is the sum of squares divided by it: `width` for LayerNorm
  const float* x;
  const float* added;  ///< as x, or null
  float* sum;          ///< x + added; unused without `added`
  const float *gain, *bias;
  float eps;
  float* out;
  float *mean, *inverse;  ///< per row; `inverse` is 1 / standard deviation
};

struct NormGradient {
  int64_t rows, width;
  const float* sum;  ///< what was normalised
  const float *mean, *inverse, *gain;
  const float* out;              ///< gradient of NormRows::out
  const float* past;             ///< gradient of the sum from the residual branch, or null
  float* x;                      ///< gradient of the sum from both, written
  float *gainParts, *biasParts;  ///< written: of these rows alone
};

/// x of WeightGradient as its kernel reads it: once packed, it serves any number of blocks of outputs.
struct PackedRows {
  int64_t rows, inputs;
  const float* x;  ///< rows x inputs
  float* packed;   ///< written: LayerKernels::sizeOfRows(rows, inputs)

  /// Rows that are packed together. The packed rows from n on, a multiple of it, begin sizeOfRows(n, inputs)
  /// numbers later.
  static constexpr int64_t kSlab = 128;
};

/// gradient (outputs x inputs) of the weight in y = x * weight', from x (rows x inputs) and the gradient of y
/// (rows x outputs), and that of a bias: the sum of its rows.
struct WeightGradient {
  int64_t rows, inputs, outputs;
  const float* packedX;  ///< from packRows()
  const float* y;
  int64_t yStep;  ///< from row to row of y, which may be columns of a wider matrix
  float* weight;  ///< written
  float* bias;    ///< written
};

/// A matrix as the right side of products: inner x columns, for RowProduct and MlpRows in the layout of an
/// instruction set. Columns from n on, a multiple of kPanelMultiple, begin sizeOfRightSide(inner, n) later.
struct RightSide {
  int64_t inner, columns;
  const float* matrix;
  int64_t step;     ///< from row to row of `matrix`
  bool transposed;  ///< `matrix` is columns x inner
};

/// out = left * right + bias. `inner` a multiple of kWidthMultiple.
struct RowProduct {
  int64_t rows, inner, columns;
  const float* left;   ///< rows x inner
  const float* right;  ///< from packRightSide()
  const float* bias;   ///< columns, or null
  float* out;          ///< rows x columns, written
  int64_t outStep;     ///< from row to row of out, which may be columns of a wider matrix
  bool gelu = false;   ///< gelu(left) instead of left
  bool adds = false;   ///< added to `out` instead of replacing it
};

/// The largest matrix, in numbers, of an MLP that is worth computing as a whole, because larger ones do not
/// stay in the cache and products of all rows are as fast.
constexpr int64_t kNarrowMatrix = 1 << 16;

/// out = gelu(x * first + firstBias) * second + secondBias. Both widths multiples of kWidthMultiple; the
/// matrices as RightSide.
struct MlpRows {
  int64_t rows, width, hidden;
  const float* x;                    ///< rows x width
  const float *first, *firstBias;    ///< width x hidden
  const float *second, *secondBias;  ///< hidden x width
  float* out;                        ///< rows x width, written
};

struct MlpGradient {
  int64_t rows, width, hidden;
  const float* x;
  const float* out;                     ///< gradient of MlpRows::out
  const float *first, *firstBias;       ///< width x hidden
  const float *firstBack, *secondBack;  ///< their transposes: hidden x width, width x hidden
  float* xGradient;                     ///< written
  float *firstWeights, *firstBiases;    ///< written: hidden x width, hidden; of these rows alone
  float *secondWeights, *secondBiases;  ///< written: width x hidden, width; of these rows alone
};

struct LayerKernels {
  const char* name;
  void (*norm)(const NormRows& rows);
  void (*normBackward)(const NormGradient& gradient);
  /// out = x * Phi(x), the exact, erf form.
  void (*gelu)(const float* x, int64_t count, float* out);
  /// gradient *= gelu'(x), and gelu(x) again. `count` is a multiple of kWidthMultiple.
  void (*geluBackward)(const float* x, int64_t count, float* gradient, float* gelu);
  int64_t (*sizeOfRows)(int64_t rows, int64_t inputs);
  void (*packRows)(const PackedRows& rows);
  void (*weightGradient)(const WeightGradient& gradient, KernelScratch& scratch);
  int64_t (*sizeOfRightSide)(int64_t inner, int64_t columns);
  void (*packRightSide)(const RightSide& side, float* to);
  /// Null where a library's product is as fast.
  void (*multiply)(const RowProduct& product, KernelScratch& scratch);
  void (*mlp)(const MlpRows& rows, KernelScratch& scratch);
  void (*mlpBackward)(const MlpGradient& gradient, KernelScratch& scratch);
};

extern const LayerKernels kPortableLayers;
#if defined(__x86_64__)
extern const LayerKernels kAvx2Layers;    ///< needs FMA too
extern const LayerKernels kAvx512Layers;  ///< needs AVX-512 F
extern const LayerKernels kAmxLayers;     ///< needs AVX-512 F, AMX-BF16
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit. The
/// environment variable MIXMIM_KERNELS (portable, avx2, avx512 or amx) leaves out the kernels faster than
/// those it names. Throws std::invalid_argument where it names something else.
std::vector<const LayerKernels*> layerKernels();

/// Puts `kernels` first in layerKernels() where MIXMIM_KERNELS has their name, because tests run loops that
/// the processor may not have. Takes one set, before anything asks for kernels.
void addLayerKernels(const LayerKernels& kernels);

/// The name of the first, or what layerKernels() throws.
std::string nameOfKernels();

}  // namespace cv::mixmim
