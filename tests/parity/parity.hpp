// The parts of the comparison; each prints its lines into the report.
#pragma once

#include <string>

#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

void checkPretraining(const Golden& golden, Report& report);
void checkFinetuning(const Golden& golden, Report& report);
/// extras.json and extras.safetensors: embeddings, indices, interpolation, and the recipe itself.
void checkExtras(const Golden& golden, Report& report);

/// The recipe's images of a step as the encoder takes them, B x S x S x 3.
at::Tensor imagesOf(const Golden& golden, int step);

}  // namespace cv::mixmim::parity
