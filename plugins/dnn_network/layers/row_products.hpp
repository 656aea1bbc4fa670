// Products with all rows of tokens, as several layers need them.
#pragma once

#include <cstdint>
#include <memory>

#include "layers/fused_layer.hpp"
#include "products/linear.hpp"
#include "products/rows.hpp"

namespace cv::mixmim {

/// Writes AttentionHead::bias where scores have none, one row for all queries: 0 for keys, and -infinity
/// beyond them up to paddedKeys(keys).
void writeMask(int64_t keys, float* bias);

/// A linear layer from the blobs `first` (weight) and `first` + 1 (bias).
std::unique_ptr<PackedLinear> linearOf(const LayerParams& params, size_t first, After after);

/// Whether threads divide the columns of two products and not their rows. They do where rows are few, because
/// each thread would read all weights for its few rows and wait for them; except where columns are few too,
/// because each thread packs all rows for its columns.
bool dividesColumns(const Rows& rows, const PackedLinear& first, const PackedLinear& second);

/// Multiplies all rows, with the columns divided among the threads.
void multiplyAll(const PackedLinear& linear, int rows, const float* x, float* y);

void normAll(const RowNorm& norm, const Rows& rows, const float* x, float* normed);

}  // namespace cv::mixmim
