// The passes over activations that stand between a Transformer's products, on the CPU: LayerNorm with the
// addition before it, GELU, and the gradient of a weight matrix. Each reads and writes its rows once. One set
// of loops, compiled for several instruction sets.
#pragma once

#include <cstdint>
#include <vector>

namespace cv::mixmim {

/// What the width of a row must be a multiple of.
constexpr int64_t kWidthMultiple = 16;

/// Rows that follow each other, and what LayerNorm makes of them.
struct NormRows {
  int64_t rows, width;
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

/// gradient (outputs x inputs) of the weight in y = x * weight', from x (rows x inputs) and the gradient of y
/// (rows x outputs), and that of a bias: the sum of its rows.
struct WeightGradient {
  int64_t rows, inputs, outputs;
  const float *x, *y;
  int64_t yStep;  ///< from row to row of y, which may be columns of a wider matrix
  float* weight;  ///< written
  float* bias;    ///< written
};

struct LayerKernels {
  const char* name;
  void (*norm)(const NormRows& rows);
  void (*normBackward)(const NormGradient& gradient);
  /// out = x * Phi(x), the exact, erf form.
  void (*gelu)(const float* x, int64_t count, float* out);
  /// gradient *= gelu'(x), and gelu(x) again. `count` as a width.
  void (*geluBackward)(const float* x, int64_t count, float* gradient, float* gelu);
  void (*weightGradient)(const WeightGradient& gradient, std::vector<float>& scratch);
};

extern const LayerKernels kPortableLayers;
#if defined(__x86_64__)
extern const LayerKernels kAvx2Layers;    ///< with FMA
extern const LayerKernels kAvx512Layers;  ///< F
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit.
std::vector<const LayerKernels*> layerKernels();

}  // namespace cv::mixmim
