#include "cuda/own_kernels.hpp"

#include "cuda/kernels/arguments.hpp"
#include "cuda/launch_shapes.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kMostBlocks = 1 << 16, kMostParts = 1024, kChannels = 3;
constexpr float kCellEps = 1e-6f;  // kPatchEps of compute/patches.hpp

const void* from(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr() : nullptr;
}

void* to(const at::Tensor& x) {
  return x.defined() ? x.mutable_data_ptr() : nullptr;
}

/// A view may begin anywhere, and kernels read four numbers at once.
bool isAligned(const at::Tensor& x) {
  return x.storage_offset() % 4 == 0;
}

int64_t widthOf(const at::Tensor& x) {
  return x.size(-1);
}

int64_t rowsOf(const at::Tensor& x) {
  return x.numel() / x.size(-1);
}

const at::Tensor& givenOf(const NormInput& input) {
  return input.x.defined() ? input.x : input.branch;
}

int64_t rowsPerFactor(const NormInput& input) {
  const int64_t rows = rowsOf(givenOf(input));
  if (!input.factors.defined()) return rows;
  TORCH_CHECK(rows % input.factors.numel() == 0, rows, " rows cannot share ", input.factors.numel(),
              " factors");
  return rows / input.factors.numel();
}

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
  return side > 0 && kChannels * side * side <= kLargestCell;
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

NormResult OwnKernels::addAndNormalise(const NormInput& input) const {
  const at::Tensor& given = givenOf(input);
  check(input.x, types_.real, "x");
  check(input.branch, types_.stored, "branch");
  check(input.factors, types_.real, "factors");
  check(input.gain, types_.real, "gain");
  check(input.bias, types_.real, "bias");
  TORCH_CHECK(takesWidth(widthOf(given)), "LayerNorm: no rows of ", widthOf(given), " numbers");
  const bool adds = input.x.defined() && input.branch.defined();
  NormResult result;
  result.sum = adds ? at::empty_like(input.x) : input.x;
  result.out = made(given.sizes(), input.wide ? types_.real : types_.stored, given);
  result.mean = made({rowsOf(given)}, types_.real, given);
  result.inverse = at::empty_like(result.mean);
  gpu::NormRows<void, void> rows{};
  rows.x = from(input.x);
  rows.branch = from(input.branch);
  rows.factors = from(input.factors);
  rows.gain = from(input.gain);
  rows.bias = from(input.bias);
  rows.sum = adds ? to(result.sum) : nullptr;
  (input.wide ? rows.wideOut : rows.out) = to(result.out);
  rows.mean = to(result.mean);
  rows.inverse = to(result.inverse);
  rows.rows = rowsOf(given);
  rows.rowsPerFactor = rowsPerFactor(input);
  rows.width = static_cast<int>(widthOf(given));
  rows.eps = static_cast<float>(input.eps);
  module_.launch("mixmimAddAndNormalise", normShape(rows.rows, rows.width, kMostBlocks), rows, stream_());
  return result;
}

NormGradients OwnKernels::normaliseBackward(const NormInput& input, const NormResult& result,
                                            const at::Tensor& out, const at::Tensor& past) const {
  const at::Tensor& given = givenOf(input);
  check(out, input.wide ? types_.real : types_.stored, "gradient of out");
  check(past, types_.real, "gradient of sum");
  const LaunchShape shape = normShape(rowsOf(given), widthOf(given), kMostParts);
  const at::Tensor parts = made({shape.gridX * shape.blockY, 2 * widthOf(given)}, types_.real, given);
  NormGradients gradients;
  if (input.x.defined()) gradients.x = at::empty_like(input.x);
  if (input.branch.defined()) gradients.branch = at::empty_like(input.branch);
  gpu::NormGradient<void, void> rows{};
  rows.sum = from(result.sum);
  rows.branch = from(input.branch);
  rows.factors = from(input.factors);
  rows.mean = from(result.mean);
  rows.inverse = from(result.inverse);
  rows.gain = from(input.gain);
  (input.wide ? rows.wideOut : rows.out) = from(out);
  rows.past = from(past);
  rows.x = to(gradients.x);
  rows.branchGradient = to(gradients.branch);
  rows.parts = to(parts);
  rows.rows = rowsOf(given);
  rows.rowsPerFactor = rowsPerFactor(input);
  rows.width = static_cast<int>(widthOf(given));
  module_.launch("mixmimNormaliseBackward", shape, rows, stream_());
  const at::Tensor sums = sumParts(parts);
  gradients.gain = sums.narrow(0, 0, widthOf(given));
  gradients.bias = sums.narrow(0, widthOf(given), widthOf(given));
  return gradients;
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
