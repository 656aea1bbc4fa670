#include "cuda/own_kernels.hpp"

#include "cuda/kernels/arguments.hpp"
#include "cuda/launch_shapes.hpp"
#include "cuda/tensor_arguments.hpp"

namespace cv::mixmim {

namespace {

using gpu::from;
using gpu::rowsOf;
using gpu::to;
using gpu::widthOf;

constexpr int64_t kMostBlocks = 1 << 16;

/// A view may begin anywhere, and kernels read four numbers at once.
bool isAligned(const at::Tensor& x) {
  return x.storage_offset() % 4 == 0;
}

gpu::Slabs<void> slabsOf(const SlabShape& shape, const at::Tensor& x, const at::Tensor& parts) {
  return {to(parts), rowsOf(x), shape.rowsPerSlab, static_cast<int>(widthOf(x))};
}

}  // namespace

OwnKernels::OwnKernels(GpuModule& module, KernelTypes types, std::function<void*()> stream)
    : module_(module), types_(types), stream_(std::move(stream)) {}

bool OwnKernels::takesWidth(int64_t width) {
  return width > 0 && width % 4 == 0 && width <= kWidestRow;
}

bool OwnKernels::takesRows(const at::Tensor& x) const {
  return x.scalar_type() == types_.stored && x.is_contiguous() && x.numel() > 0 && widthOf(x) % 4 == 0 &&
         isAligned(x);
}

bool OwnKernels::takesCell(int64_t side) {
  return side > 0 && gpu::kChannels * side * side <= kLargestCell;
}

at::Tensor OwnKernels::made(at::IntArrayRef shape, at::ScalarType type, const at::Tensor& like) const {
  return at::empty(shape, like.options().dtype(type));
}

void OwnKernels::check(const at::Tensor& x, at::ScalarType type, const char* name) const {
  if (!x.defined()) return;
  TORCH_CHECK(x.scalar_type() == type && x.is_contiguous() && x.numel() > 0, name,
              ": expected contiguous numbers of ", type, ", got ", x.scalar_type(), " of shape ", x.sizes());
  TORCH_CHECK(!x.is_floating_point() || isAligned(x), name,
              ": expected numbers aligned to fours, got a part of a tensor that begins between them");
}

at::Tensor OwnKernels::sumParts(const at::Tensor& parts) const {
  at::Tensor sums = made({widthOf(parts)}, types_.real, parts);
  const gpu::PartSums<void> part{from(parts), to(sums), rowsOf(parts), static_cast<int>(widthOf(parts))};
  module_.launch("mixmimSumParts", shapeOf(ceilDivided(widthOf(parts), kWarpThreads), 1, kWarpThreads, 16),
                 part, stream_());
  return sums;
}

at::Tensor OwnKernels::columnSums(const at::Tensor& x) const {
  check(x, types_.stored, "rows");
  TORCH_CHECK(widthOf(x) % 4 == 0, "sums of columns: expected a multiple of 4 columns, got ", widthOf(x));
  const SlabShape shape(rowsOf(x), widthOf(x));
  const at::Tensor parts = made({shape.slabs, widthOf(x)}, types_.real, x);
  module_.launch("mixmimSumColumns", shape.launch,
                 gpu::ColumnSums<void, void>{from(x), slabsOf(shape, x, parts)}, stream_());
  return sumParts(parts);
}

at::Tensor OwnKernels::gelu(const at::Tensor& x) const {
  constexpr int64_t kThreads = 256;
  check(x, types_.stored, "x");
  TORCH_CHECK(widthOf(x) % 4 == 0, "GELU: expected rows of a multiple of 4 numbers, got ", widthOf(x));
  at::Tensor out = at::empty_like(x);
  const int64_t fours = x.numel() / 4;
  module_.launch("mixmimGelu", shapeOf(std::min(ceilDivided(fours, kThreads), kMostBlocks), 1, kThreads, 1),
                 gpu::Gelu<void>{from(x), to(out), fours}, stream_());
  return out;
}

GeluGradients OwnKernels::geluBackward(const at::Tensor& x, const at::Tensor& gradient) const {
  check(x, types_.stored, "x");
  check(gradient, types_.stored, "gradient");
  TORCH_CHECK(widthOf(x) % 4 == 0 && x.sizes() == gradient.sizes(), "GELU: expected a gradient of shape ",
              x.sizes(), " with a multiple of 4 columns, got ", gradient.sizes());
  const SlabShape shape(rowsOf(x), widthOf(x));
  const at::Tensor parts = made({shape.slabs, widthOf(x)}, types_.real, x);
  at::Tensor out = at::empty_like(x);
  module_.launch("mixmimGeluBackward", shape.launch,
                 gpu::GeluGradient<void, void>{from(x), to(gradient), to(out), slabsOf(shape, x, parts)},
                 stream_());
  return {out, sumParts(parts)};
}

}  // namespace cv::mixmim
