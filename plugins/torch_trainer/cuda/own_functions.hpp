// The own kernels as functions that autograd can go back through.
#pragma once

#include "cuda/own_kernels.hpp"

namespace cv::mixmim {

struct SumAndNorm {
  at::Tensor sum;  ///< undefined where the input has no x
  at::Tensor out;
};

/// addAndNormalise(). `factors` need no gradient. `kernels` must stay as long as the results.
SumAndNorm normalisedBy(const OwnKernels& kernels, const NormInput& input);

/// The loss of reconstructionLoss(), a scalar; only `predicted` gets a gradient.
at::Tensor reconstructionLossBy(const OwnKernels& kernels, const at::Tensor& pixels, int64_t side,
                                const at::Tensor& order, const at::Tensor& predicted, bool normalised);

}  // namespace cv::mixmim
