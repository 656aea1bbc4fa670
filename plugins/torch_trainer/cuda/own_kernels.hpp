// The kernels of cuda/kernels on tensors: which memory, how many blocks and threads. No result depends on the
// GPU's size, because grids follow from shapes alone. Not for autograd (cuda/own_functions.hpp is).
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "cuda/gpu_module.hpp"

namespace cv::mixmim {

/// The types of weights, sums and the residual stream, and of branches and activations.
struct KernelTypes {
  at::ScalarType real, stored;
};

/// The input of LayerNorm: sum = x + factor * branch. Undefined: x is zero, branch is zero, factors are one.
struct NormInput {
  at::Tensor x;        ///< ... x C, real
  at::Tensor branch;   ///< ... x C, stored
  at::Tensor factors;  ///< real, one for equally many rows each
  at::Tensor gain, bias;
  double eps;
  bool wide;  ///< whether `out` is of type real, else stored
};

struct NormResult {
  at::Tensor sum;  ///< x itself where there is no branch; undefined where there is no x
  at::Tensor out, mean, inverse;
};

struct NormGradients {
  at::Tensor x, branch;  ///< undefined where the input is
  at::Tensor gain, bias;
};

struct GeluGradients {
  at::Tensor out;   ///< GELU(x)
  at::Tensor sums;  ///< of the columns of the gradient, real
};

struct LossAndGradient {
  at::Tensor loss;      ///< a scalar, real
  at::Tensor gradient;  ///< of that scalar by `predicted`, stored
};

class OwnKernels {
 public:
  /// `stream` gives the driver's stream for the work of the calling thread. `module` must stay.
  OwnKernels(GpuModule& module, KernelTypes types, std::function<void*()> stream);

  KernelTypes types() const { return types_; }

  /// Whether LayerNorm takes rows of this width: four neighbours are read at once, and a row fits a block's
  /// registers.
  static bool takesWidth(int64_t width);
  /// Whether GELU and the sums of columns take x as it is.
  bool takesRows(const at::Tensor& x) const;
  /// Whether the loss takes cells of side x side pixels: one fits a block's registers.
  static bool takesCell(int64_t side);

  NormResult addAndNormalise(const NormInput& input) const;
  /// `out`: the gradient of out. `past`: the gradient of sum from elsewhere, or undefined.
  NormGradients normaliseBackward(const NormInput& input, const NormResult& result, const at::Tensor& out,
                                  const at::Tensor& past) const;

  /// x: rows x columns, stored -> columns, real.
  at::Tensor columnSums(const at::Tensor& x) const;

  at::Tensor gelu(const at::Tensor& x) const;
  /// Multiplies `gradient` by GELU's derivative at x, in place.
  GeluGradients geluBackward(const at::Tensor& x, const at::Tensor& gradient) const;

  /// A depthwise 3 x 3 convolution of tokens. x: B x L x C, stored; taps: 9 x C, real; bias: C, real, or
  /// undefined, for zeros; rows: L x 9, int32, the tokens under the taps, -1 = there is none -> as x.
  at::Tensor depthwise(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                       const at::Tensor& rows) const;
  /// `out`: the gradient of its result -> 10 x C, real: the gradients of taps and bias.
  at::Tensor depthwiseSums(const at::Tensor& x, const at::Tensor& rows, const at::Tensor& out) const;

  /// pixels: B x H x W x 3 bytes; order: patches of the raster -> B x L x (3 * side * side), stored: channel,
  /// row, column.
  at::Tensor patchRows(const at::Tensor& pixels, int64_t side, const at::Tensor& order) const;

  /// meanSquaredError(predicted, hiddenTargets(pixels, ...)) of compute/pixel_kernels.hpp, with its gradient.
  LossAndGradient reconstructionLoss(const at::Tensor& pixels, int64_t side, const at::Tensor& order,
                                     const at::Tensor& predicted, bool normalised) const;

 private:
  at::Tensor made(at::IntArrayRef shape, at::ScalarType type, const at::Tensor& like) const;
  void check(const at::Tensor& x, at::ScalarType type, const char* name) const;
  void check(const NormInput& input) const;
  /// parts: P x columns -> columns
  at::Tensor sumParts(const at::Tensor& parts) const;

  GpuModule& module_;
  KernelTypes types_;
  std::function<void*()> stream_;
};

}  // namespace cv::mixmim
