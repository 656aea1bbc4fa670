// Adapting weights to another image size: what depends on the size of a grid is interpolated on that grid.
#include <cmath>

#include "plugins/torch_trainer/weights.hpp"

namespace cv::mixmim {

namespace {

/// The integer root of n, or 0.
int64_t sideOf(int64_t n) {
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
  return side * side == n ? side : 0;
}

/// positions x channels on a square grid -> another square grid.
at::Tensor resizeGrid(const at::Tensor& rows, int64_t from, int64_t to) {
  const at::Tensor grid = rows.t().reshape({1, rows.size(1), from, from});
  return at::upsample_bicubic2d(grid, {to, to}, /*align_corners=*/false).reshape({rows.size(1), to * to}).t();
}

}  // namespace

at::Tensor resizedWeight(const at::Tensor& value, at::IntArrayRef shape) {
  const bool table = value.dim() == 2 && shape.size() == 2;
  const bool embedding = value.dim() == 3 && shape.size() == 3 && value.size(0) == 1 && shape[0] == 1;
  if (!(table || embedding) || value.size(-1) != shape.back()) return {};
  const int64_t from = sideOf(value.size(-2)), to = sideOf(shape[shape.size() - 2]);
  if (from == 0 || to == 0) return {};
  return resizeGrid(value.reshape({from * from, value.size(-1)}), from, to).reshape(shape).contiguous();
}

}  // namespace cv::mixmim
