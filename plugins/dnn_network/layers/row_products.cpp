#include "layers/row_products.hpp"

#include <algorithm>
#include <limits>

#include "kernels/attention.hpp"
#include "layers/fused_layers.hpp"

namespace cv::mixmim {

void writeMask(int64_t keys, float* bias) {
  std::fill_n(bias, keys, 0.F);
  std::fill_n(bias + keys, paddedKeys(keys) - keys, -std::numeric_limits<float>::infinity());
}

std::unique_ptr<PackedLinear> linearOf(const LayerParams& params, size_t first, After after) {
  const auto make = params.get<bool>(fused::kInt8, false) ? makeInt8Linear : makeLinear;
  return make(params.blobs[first], params.blobs[first + 1], after);
}

bool dividesColumns(const Rows& rows, const PackedLinear& first, const PackedLinear& second) {
  constexpr int kLeastForThread = 128;
  return rows.few() && first.dividesColumns() && second.dividesColumns() &&
         std::min(first.outputs(), second.outputs()) / std::max(1, cv::getNumThreads()) >= kLeastForThread;
}

void multiplyAll(const PackedLinear& linear, int rows, const float* x, float* y) {
  const int panels = (linear.outputs() + PackedLinear::kColumnMultiple - 1) / PackedLinear::kColumnMultiple;
  const int parts = std::min(panels, std::max(1, cv::getNumThreads()));
  cv::parallel_for_(cv::Range(0, parts), [&](const cv::Range& range) {
    for (int part = range.start; part < range.end; ++part) {
      const int first = panels * part / parts * PackedLinear::kColumnMultiple,
                end = panels * (part + 1) / parts * PackedLinear::kColumnMultiple;
      linear.columns(first, std::min(end, linear.outputs()) - first, rows, x, y);
    }
  });
}

void normAll(const RowNorm& norm, const Rows& rows, const float* x, float* normed) {
  rows.forEach([&](int first, int count) {
    const int64_t at = wide(first) * norm.width();
    norm(count, x + at, normed + at);
  });
}

}  // namespace cv::mixmim
