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

constexpr int64_t kMostBlocks = 1 << 16, kMostParts = 1024;

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

/// The arguments that both ways share.
template <class Arguments>
Arguments argumentsOf(const NormInput& input) {
  Arguments rows{};
  rows.branch = from(input.branch);
  rows.factors = from(input.factors);
  rows.gain = from(input.gain);
  rows.rows = rowsOf(givenOf(input));
  rows.rowsPerFactor = rowsPerFactor(input);
  rows.width = static_cast<int>(widthOf(givenOf(input)));
  return rows;
}

}  // namespace

void OwnKernels::check(const NormInput& input) const {
  check(input.x, types_.real, "x");
  check(input.branch, types_.stored, "branch");
  check(input.factors, types_.real, "factors");
  check(input.gain, types_.real, "gain");
  check(input.bias, types_.real, "bias");
  const int64_t width = widthOf(givenOf(input));
  TORCH_CHECK(takesWidth(width), "LayerNorm: no rows of ", width, " numbers");
}

NormResult OwnKernels::addAndNormalise(const NormInput& input) const {
  check(input);
  const at::Tensor& given = givenOf(input);
  const bool adds = input.x.defined() && input.branch.defined();
  NormResult result;
  result.sum = adds ? at::empty_like(input.x) : input.x;
  result.out = made(given.sizes(), input.wide ? types_.real : types_.stored, given);
  result.mean = made({rowsOf(given)}, types_.real, given);
  result.inverse = at::empty_like(result.mean);
  auto rows = argumentsOf<gpu::NormRows<void, void>>(input);
  rows.x = from(input.x);
  rows.bias = from(input.bias);
  rows.sum = adds ? to(result.sum) : nullptr;
  (input.wide ? rows.wideOut : rows.out) = to(result.out);
  rows.mean = to(result.mean);
  rows.inverse = to(result.inverse);
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
  auto rows = argumentsOf<gpu::NormGradient<void, void>>(input);
  rows.sum = from(result.sum);
  rows.mean = from(result.mean);
  rows.inverse = from(result.inverse);
  (input.wide ? rows.wideOut : rows.out) = from(out);
  rows.past = from(past);
  rows.x = to(gradients.x);
  rows.branchGradient = to(gradients.branch);
  rows.parts = to(parts);
  module_.launch("mixmimNormaliseBackward", shape, rows, stream_());
  const at::Tensor sums = sumParts(parts);
  gradients.gain = sums.narrow(0, 0, widthOf(given));
  gradients.bias = sums.narrow(0, widthOf(given), widthOf(given));
  return gradients;
}

}  // namespace cv::mixmim
