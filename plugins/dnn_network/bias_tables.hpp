// The exporter gathers a bias for every pair of tokens from a table with a number for every offset between
// two. The layers want the table back, because it fits into a cache.
#pragma once

#include <string>

#include <opencv2/core.hpp>

#include "constants.hpp"
#include "model/plan.hpp"

namespace cv::mixmim {

/// The tables of AttentionKernels::relativeBias that a block's constant was made from: heads x (2H - 1) x
/// (2W - 1) for windows of H x W tokens, CV_32F. The constant of a shifted block has every window's mask
/// added, which must be the one that the shift stands for. Throws Error where the constant was not made from
/// a table.
cv::Mat biasTables(const Constants& constants, const std::string& name, const Stage& stage,
                   const Block& block);

}  // namespace cv::mixmim
