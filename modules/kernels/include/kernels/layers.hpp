// What a Transformer does to its activations between attention and attention, on the CPU: LayerNorm with the
// addition before it, GELU, the gradient of a weight matrix, and a narrow MLP as a whole. Each reads and
// writes its rows once. One set of loops, compiled for several instruction sets.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// What the width of a row must be a multiple of.
constexpr int64_t kWidthMultiple = 16;

/// What packed columns are padded to a multiple of: whole panels of every instruction set.
constexpr int64_t kPanelMultiple = 32;
constexpr int64_t paddedColumns(int64_t columns) {
  return (columns + kPanelMultiple - 1) / kPanelMultiple * kPanelMultiple;
}

/// Rows that follow each other, and what LayerNorm makes of them.
struct NormRows {
  int64_t rows, width;
  int64_t degrees;  ///< the sum of squares over it is the variance: `width` for LayerNorm
  const float* x;
  const float* added;  ///< as x, or null
  float* sum;          ///< x + added; unused without `added`
  const float *gain, *bias;
  float eps;
  float* out;
  float *mean, *inverse;  ///< per row; `inverse` of the deviation
};

struct NormGradient {
  int64_t rows, width;
  const float* sum;  ///< what was normalised
  const float *mean, *inverse, *gain;
  const float* out;              ///< gradient of NormRows::out
  const float* past;             ///< gradient of the sum from elsewhere, or null
  float* x;                      ///< gradient of the sum from both, written
  float *gainParts, *biasParts;  ///< written: of these rows alone
};

/// x of WeightGradient as its kernel reads it: once packed, it serves any number of blocks of outputs.
struct PackedRows {
  int64_t rows, inputs;
  const float* x;  ///< rows x inputs
  float* packed;   ///< written: sizeOf(rows, inputs)

  /// Rows that are packed together: the packed form of a multiple of it more begins sizeOf() of it later.
  static constexpr int64_t kSlab = 128;
  static int64_t sizeOf(int64_t rows, int64_t inputs) { return rows * paddedColumns(inputs); }
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

/// A matrix as the right side of products: inner x columns, for MlpRows in the layout of an instruction set.
struct RightSide {
  int64_t inner, columns;
  const float* matrix;
  bool transposed;  ///< `matrix` is columns x inner

  /// Numbers it has then.
  int64_t size() const { return inner * paddedColumns(columns); }
};

/// The largest matrix of an MLP that is worth computing as a whole. Larger ones leave the cache, and the
/// products of a library are as good.
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
  /// gradient *= gelu'(x), and gelu(x) again. `count` as a width.
  void (*geluBackward)(const float* x, int64_t count, float* gradient, float* gelu);
  void (*packRows)(const PackedRows& rows);
  void (*weightGradient)(const WeightGradient& gradient, KernelScratch& scratch);
  void (*packRightSide)(const RightSide& side, float* to);
  void (*mlp)(const MlpRows& rows, KernelScratch& scratch);
  void (*mlpBackward)(const MlpGradient& gradient, KernelScratch& scratch);
};

extern const LayerKernels kPortableLayers;
#if defined(__x86_64__)
extern const LayerKernels kAvx2Layers;    ///< with FMA
extern const LayerKernels kAvx512Layers;  ///< F
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit.
std::vector<const LayerKernels*> layerKernels();

}  // namespace cv::mixmim
