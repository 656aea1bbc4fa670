// Tensors against what golden files keep of them, under the files' tolerances.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

/// Parameters whose change is more noise than this are not compared.
inline constexpr double kNoisyAbove = 3e-3;

/// Of the norm of all gradients. The files of MixMIM's own encoder keep a float32 norm of float32 norms, as
/// published, which is off by up to 9e-5; those that name their encoder are exact to rounding.
double gradientNormTolerance(const Golden& golden);

/// Our tensors for those of the border.
at::Tensor toTorch(const Tensor& tensor);

/// The recipe's images of a step as the encoder takes them, B x S x S x 3.
at::Tensor imagesOf(const Golden& golden, int step);

/// Compares with a description {shape, sum, abs_sum, samples}.
void compareDescription(Quantity& quantity, const std::string& where, const at::Tensor& got,
                        const json::value& wanted);
/// The same with that entry of the file, if it has one.
void compareEntry(Quantity& quantity, const Golden& golden, const std::string& path, const at::Tensor& got);
/// Compares with every number of a full tensor.
void compareTensor(Quantity& quantity, const std::string& where, const at::Tensor& got, const Tensor& wanted);
/// Compares the first columns of every row with lists of numbers, as files keep logits.
void compareRows(Quantity& quantity, const std::string& where, const at::Tensor& got,
                 const json::value& wanted);

}  // namespace cv::mixmim::parity
