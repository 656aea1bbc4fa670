// Convolutions of tokens on the CPU: depthwise 3 x 3 ones, both ways, and the rows that one with a matrix for
// each tap multiplies. The neighbours of a token are a list, because tokens stand in any order and the images
// of a mixture are no neighbours of each other. One set of loops, compiled for several instruction sets.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/scratch.hpp"

namespace cv::mixmim {

/// Taps of a 3 x 3 kernel, row by row: the neighbours of a token, itself in the middle.
constexpr int kTaps = 9;
constexpr int kMiddleTap = kTaps / 2;

/// A depthwise convolution at some tokens of an image: out[t] = bias + sum of taps[o] * x[neighbours[t][o]].
/// `width` a multiple of kWidthMultiple in kernels/layers.hpp.
struct DepthwiseRows {
  int64_t tokens, width;
  const float* x;             ///< all tokens of the image, rows of `width` numbers
  const int32_t* neighbours;  ///< tokens x kTaps: rows of x; -1 = there is none, and zeros count
  const float* taps;          ///< kTaps x width
  const float* bias;          ///< width
  float* out;                 ///< tokens x width, written; not x
  bool residual = false;      ///< adds the token itself
  bool gelu = false;          ///< gelu(out), in its exact, erf form
};

/// Its gradients, without `residual` and `gelu`. Neighbours are mutual, because only then the gradient of x
/// is the same gather with mirrored taps: where t is neighbour o of u, u is neighbour kTaps - 1 - o of t, and
/// every token is its own in the middle.
struct DepthwiseGradient {
  int64_t tokens, width;
  const float* x;               ///< these tokens: tokens x width
  const float* out;             ///< gradient of DepthwiseRows::out, all tokens of the image
  const int32_t* neighbours;    ///< of these tokens, as forward
  const float* taps;            ///< as forward
  float* xGradient;             ///< tokens x width, written
  float *tapParts, *biasParts;  ///< written: kTaps x width and width, of these tokens alone
};

/// Rows side by side: out[n] = x[list[n][0]], x[list[n][1]] and so on.
struct GatheredRows {
  int64_t rows, members;
  int64_t width;        ///< numbers of a member that are moved, any
  int64_t step;         ///< from row to row of x, and from member to member of out
  const float* x;       ///< rows of the image
  const int32_t* list;  ///< rows x members: rows of x; -1 = zeros
  float* out;           ///< rows x members x step, written
};

/// The gradient of x: what became of a row is added up in the order of the list.
struct GatherGradient {
  int64_t rows, members, width, step;  ///< as forward
  const float* out;                    ///< gradient of GatheredRows::out
  const int32_t* list;
  float* x;  ///< rows of the image, added to
};

struct ConvolutionKernels {
  const char* name;
  void (*depthwise)(const DepthwiseRows& rows, KernelScratch& scratch);
  void (*depthwiseBackward)(const DepthwiseGradient& gradient, KernelScratch& scratch);
  void (*gather)(const GatheredRows& rows);
  void (*gatherBackward)(const GatherGradient& gradient);
};

extern const ConvolutionKernels kPortableConvolution;
#if defined(__x86_64__)
extern const ConvolutionKernels kAvx2Convolution;    ///< needs FMA too
extern const ConvolutionKernels kAvx512Convolution;  ///< needs AVX-512 F
#endif

/// The kernels that this processor runs, the fastest first. They agree to rounding, not to the bit.
/// MIXMIM_KERNELS as in kernels/layers.hpp.
std::vector<const ConvolutionKernels*> convolutionKernels();

}  // namespace cv::mixmim
