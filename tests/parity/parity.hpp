// The parts of the comparison; each prints its lines into the report.
#pragma once

#include <string>

#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

void checkPretraining(const Golden& golden, Report& report);
void checkFinetuning(const Golden& golden, Report& report);
/// X_checkpoint.pth, written by the published program in the middle of the training that X_pretrain
/// describes: what is in it, and that training goes on from it.
void checkResuming(const Golden& golden, const std::string& path, Report& report);
/// extras.json and extras.safetensors: embeddings, indices, interpolation, and the recipe itself.
void checkExtras(const Golden& golden, Report& report);

/// The recipe's images of a step as the encoder takes them, B x S x S x 3.
at::Tensor imagesOf(const Golden& golden, int step);

}  // namespace cv::mixmim::parity
