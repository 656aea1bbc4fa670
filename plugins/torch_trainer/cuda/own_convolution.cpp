#include "cuda/kernels/arguments.hpp"
#include "cuda/launch_shapes.hpp"
#include "cuda/own_kernels.hpp"
#include "cuda/tensor_arguments.hpp"

namespace cv::mixmim {

namespace {

using gpu::from;
using gpu::rowsOf;
using gpu::to;
using gpu::widthOf;

gpu::TokenGrid gridOf(const at::Tensor& x, const at::Tensor& rows) {
  TORCH_CHECK(x.dim() == 3 && widthOf(x) % 4 == 0 && rows.size(0) == x.size(1) && widthOf(rows) == gpu::kTaps,
              "depthwise convolution: expected B x ", rows.size(0), " x C with a multiple of 4 columns, got ",
              x.sizes());
  return {rows.const_data_ptr<int32_t>(), static_cast<int>(x.size(1)), static_cast<int>(widthOf(x))};
}

}  // namespace

at::Tensor OwnKernels::depthwise(const at::Tensor& x, const at::Tensor& taps, const at::Tensor& bias,
                                 const at::Tensor& rows) const {
  check(x, types_.stored, "x");
  check(taps, types_.real, "taps");
  check(bias, types_.real, "bias");
  check(rows, at::kInt, "neighbours");
  at::Tensor out = at::empty_like(x);
  const SlabShape shape(rowsOf(x), widthOf(x));
  module_.launch("mixmimDepthwise", shape.launch,
                 gpu::Depthwise<void, void>{from(x), from(taps), from(bias), to(out), gridOf(x, rows),
                                            rowsOf(x), shape.rowsPerSlab},
                 stream_());
  return out;
}

at::Tensor OwnKernels::depthwiseSums(const at::Tensor& x, const at::Tensor& rows,
                                     const at::Tensor& out) const {
  check(x, types_.stored, "x");
  check(out, types_.stored, "gradient");
  check(rows, at::kInt, "neighbours");
  const int64_t columns = (gpu::kTaps + 1) * widthOf(x);
  const SlabShape shape(rowsOf(x), columns);
  const at::Tensor parts = made({shape.slabs, columns}, types_.real, x);
  module_.launch(
      "mixmimDepthwiseSums", shape.launch,
      gpu::DepthwiseSums<void, void>{from(x),
                                     from(out),
                                     gridOf(x, rows),
                                     {to(parts), rowsOf(x), shape.rowsPerSlab, static_cast<int>(columns)}},
      stream_());
  return sumParts(parts).view({gpu::kTaps + 1, widthOf(x)});
}

}  // namespace cv::mixmim
