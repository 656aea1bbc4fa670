#include <algorithm>

#include "cuda/kernels/arguments.hpp"
#include "cuda/launch_shapes.hpp"
#include "cuda/own_kernels.hpp"
#include "cuda/tensor_arguments.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

using gpu::from;
using gpu::kChannels;
using gpu::to;

constexpr float kCellEps = 1e-6f;  // kPatchEps of compute/patches.hpp

gpu::Pictures picturesOf(const at::Tensor& pixels) {
  gpu::Pictures pictures{};
  pictures.bytes = pixels.const_data_ptr<uint8_t>();
  pictures.batch = static_cast<int>(pixels.size(0));
  pictures.height = static_cast<int>(pixels.size(1));
  pictures.width = static_cast<int>(pixels.size(2));
  std::copy_n(kMean, kChannels, pictures.mean);
  std::copy_n(kStd, kChannels, pictures.deviation);
  return pictures;
}

const long long* placesOf(const at::Tensor& order) {
  static_assert(sizeof(long long) == sizeof(int64_t));
  return static_cast<const long long*>(order.const_data_ptr());
}

}  // namespace

at::Tensor OwnKernels::patchRows(const at::Tensor& pixels, int64_t side, const at::Tensor& order) const {
  constexpr int64_t kTogether = 8;
  check(pixels, at::kByte, "pixels");
  check(order, at::kLong, "order");
  const int64_t batch = pixels.size(0), tokens = order.numel();
  at::Tensor out = made({batch, tokens, kChannels * side * side}, types_.stored, pixels);
  const gpu::PatchRows<void> rows{picturesOf(pixels), placesOf(order), to(out), static_cast<int>(tokens),
                                  static_cast<int>(side)};
  module_.launch("mixmimPatchRows",
                 shapeOf(ceilDivided(batch * tokens, kTogether), 1, kWarpThreads, kTogether), rows,
                 stream_());
  return out;
}

LossAndGradient OwnKernels::reconstructionLoss(const at::Tensor& pixels, int64_t side,
                                               const at::Tensor& order, const at::Tensor& predicted,
                                               bool normalised) const {
  check(pixels, at::kByte, "pixels");
  check(order, at::kLong, "order");
  check(predicted, types_.stored, "predicted");
  const int64_t rows = pixels.size(0) * order.numel(), width = kChannels * side * side;
  TORCH_CHECK(takesCell(side) && predicted.numel() == rows * width, "reconstruction: expected ", rows,
              " cells of ", width, " numbers, at most ", kLargestCell, ", got ", predicted.sizes());
  at::Tensor gradient = at::empty_like(predicted);
  const at::Tensor squares = made({rows, 1}, types_.real, pixels);
  gpu::ReconstructionLoss<void, void> loss{};
  loss.pictures = picturesOf(pixels);
  loss.order = placesOf(order);
  loss.predicted = from(predicted);
  loss.gradient = to(gradient);
  loss.squares = to(squares);
  loss.cells = static_cast<int>(order.numel());
  loss.side = static_cast<int>(side);
  loss.normalised = normalised;
  loss.eps = kCellEps;
  module_.launch("mixmimReconstructionLoss", shapeOf(rows, 1, 256, 1), loss, stream_());
  return {sumParts(squares).squeeze(0).div_(static_cast<double>(rows * width)), gradient};
}

}  // namespace cv::mixmim
