// What the kernels of this folder are given: one struct each, by value. Host and device share this file, so
// that no argument can be in another place on the other side. The host does not know the types of the numbers
// and says void: NormRows<void, void> has the same layout as every other.
//
// Real is the type of sums, statistics, weights and the residual stream; Stored that of branches and
// activations. All rows are contiguous, `width` is a multiple of 4, and every pointer is aligned to four
// numbers, because four neighbours are read at once.
#pragma once

namespace cv::mixmim::gpu {

/// sum = x + factor * branch; out = LayerNorm(sum).
template <class Real, class Stored>
struct NormRows {
  const Real* x;         ///< or null, for zeros
  const Stored* branch;  ///< or null, for zeros
  const Real* factors;   ///< one for every `rowsPerFactor` rows; or null, for ones
  const Real* gain;
  const Real* bias;
  Real* sum;             ///< or null, if nobody needs it
  Stored* out;           ///< or null, and then
  Real* wideOut;         ///< out in the residual stream's type
  Real *mean, *inverse;  ///< of every row: mean, and 1 / sqrt(variance + eps)
  long long rows, rowsPerFactor;
  int width;
  float eps;
};

/// The gradients of NormRows. Its row is `sum`, or factor * branch where that is null.
template <class Real, class Stored>
struct NormGradient {
  const Real* sum;
  const Stored* branch;
  const Real* factors;
  const Real *mean, *inverse, *gain;
  const Stored* out;       ///< gradient of out; or null, and then
  const Real* wideOut;     ///< that of wideOut
  const Real* past;        ///< gradient of sum from elsewhere; or null
  Real* x;                 ///< gradient of x; or null, if nobody needs it
  Stored* branchGradient;  ///< or null
  Real* parts;             ///< (grid.x * block.y) x 2 x width: what these rows add to gain and bias
  long long rows, rowsPerFactor;
  int width;
};

/// sums[c] = the sum of parts[p][c] over p, in a fixed order.
template <class Real>
struct PartSums {
  const Real* parts;  ///< count x width
  Real* sums;         ///< width
  long long count;
  int width;  ///< any
};

/// Rows cut into slabs of `rowsPerSlab`; the sums of each over its rows.
template <class Real>
struct Slabs {
  Real* parts;  ///< grid.y x width
  long long rows, rowsPerSlab;
  int width;
};

/// The sums of columns.
template <class Real, class Stored>
struct ColumnSums {
  const Stored* x;  ///< rows x width
  Slabs<Real> slabs;
};

/// out = GELU(x), exact.
template <class Stored>
struct Gelu {
  const Stored* x;
  Stored* out;
  long long fours;  ///< numbers / 4
};

/// gradient *= GELU'(x); out = GELU(x); the sums of the new gradient's columns.
template <class Real, class Stored>
struct GeluGradient {
  const Stored* x;
  Stored *gradient, *out;
  Slabs<Real> slabs;
};

constexpr int kTaps = 9;  ///< of a 3 x 3 convolution, row by row

/// The tokens of an image and their neighbours.
struct TokenGrid {
  const int* neighbours;  ///< tokens x kTaps: tokens of the same image; -1 = there is none
  int tokens, width;
};

/// out[t] = bias + the sum of taps[o] * x[neighbours[t][o]], in every image.
template <class Real, class Stored>
struct Depthwise {
  const Stored* x;   ///< images x tokens x width
  const Real* taps;  ///< kTaps x width
  const Real* bias;  ///< or null, for zeros
  Stored* out;
  TokenGrid grid;
  long long rows, rowsPerSlab;  ///< images x tokens; those of blockIdx.y
};

/// The gradients of its taps and bias: the sums of x under every tap, times the gradient of out, and of that
/// gradient. A slab has (kTaps + 1) x width columns.
template <class Real, class Stored>
struct DepthwiseSums {
  const Stored *x, *out;
  TokenGrid grid;
  Slabs<Real> slabs;
};

/// Pictures: batch x height x width x 3 bytes, and how a byte of a channel becomes a number:
/// (byte / 255 - mean) / deviation.
struct Pictures {
  const unsigned char* bytes;
  int batch, height, width;
  float mean[3], deviation[3];
};

/// Row k of a picture is its patch order[k]: channel, row, column.
template <class Stored>
struct PatchRows {
  Pictures pictures;
  const long long* order;
  Stored* out;  ///< batch x tokens x (3 * side * side)
  int tokens, side;
};

/// The reconstruction's loss. Row k of mixture b should be cell order[k] of picture batch - 1 - b: row,
/// column, channel; with `normalised`, less its mean and divided by its deviation (unbiased variance + eps).
template <class Real, class Stored>
struct ReconstructionLoss {
  Pictures pictures;
  const long long* order;
  const Stored* predicted;  ///< batch x cells x (3 * side * side)
  Stored* gradient;         ///< of the mean of the squares
  Real* squares;            ///< of the differences, summed for every row
  int cells, side, normalised;
  float eps;
};

}  // namespace cv::mixmim::gpu
