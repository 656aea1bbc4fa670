// Products with all rows of tokens, as several layers need them.
#pragma once

#include <memory>

#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

/// Made of two blobs, the first of them `first`.
std::unique_ptr<PackedLinear> linearOf(const LayerParams& params, size_t first, After after);

/// Whether threads share the columns of two products and not their rows: where rows are so few that each
/// thread would wait for the weights, which it reads all for them, and columns enough, as each packs all rows
/// for its own.
bool dividesColumns(const Rows& rows, const PackedLinear& first, const PackedLinear& second);

/// All rows, columns divided among the threads.
void multiplyAll(const PackedLinear& linear, int rows, const float* x, float* y);

void normAll(const RowNorm& norm, const Rows& rows, const float* x, float* normed);

}  // namespace cv::mixmim
