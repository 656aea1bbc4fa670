// The GPU kernels of pixels against plain operators in float64.
#include <gtest/gtest.h>

#include "compute/pixel_kernels.hpp"
#include "cuda/own_functions.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "tests/torch_trainer/cuda/gpu_kernels.hpp"

namespace cv::mixmim {
namespace {

using namespace test;

class GpuPixels : public GpuKernels {};

struct PictureCase {
  int64_t batch, height, width, side;
};

/// float64 of bytes, by the formula.
at::Tensor exactly(const at::Tensor& pixels) {
  const auto constant = [](const float(&values)[3]) {
    return at::tensor(at::ArrayRef<float>(values, 3), at::kFloat).to(at::kDouble);
  };
  return (pixels.to(at::kDouble) / 255 - constant(kMean)) / constant(kStd);
}

TEST_P(GpuPixels, PatchRowsAgreeWithPlainOperatorsInFloat64) {
  for (const auto& [batch, height, width, side] : {PictureCase{1, 4, 4, 4}, {3, 12, 20, 4}, {2, 14, 6, 2}}) {
    SCOPED_TRACE(std::to_string(height) + "x" + std::to_string(width));
    const at::Tensor pixels = bytes({batch, height, width, 3}, 1),
                     order = shuffled(height * width / (side * side), 2);
    const at::Tensor got = kernels().patchRows(there(pixels), side, there(order));
    EXPECT_LT(difference(got, patchRows(exactly(pixels), side, order)), precision_.stored);
    if (types_.stored == at::kFloat) {
      EXPECT_TRUE(got.cpu().equal(patchRows(normalise(pixels), side, order))) << "the CPU's rows to the bit";
    }
  }
}

TEST_P(GpuPixels, ReconstructionLossAgreesWithPlainOperatorsInFloat64) {
  for (const auto& [batch, height, width, side] : {PictureCase{2, 32, 64, 32}, {3, 24, 16, 8}}) {
    const at::Tensor pixels = bytes({batch, height, width, 3}, 1),
                     all = shuffled(height * width / (side * side), 2);
    for (const at::Tensor& order : {all, all.narrow(0, 1, all.size(0) - 1)})
      for (const bool normalised : {false, true}) {
        SCOPED_TRACE(std::to_string(side) + " px, " + std::to_string(order.size(0)) +
                     (normalised ? ", normalised" : ""));
        const Leaf predicted = stored({batch, order.size(0), 3 * side * side}, 3);
        const at::Tensor wanted =
            at::mse_loss(predicted.exact, hiddenTargets(exactly(pixels), side, order, normalised));
        const at::Tensor got =
            reconstructionLossBy(kernels(), there(pixels), side, there(order), predicted.own, normalised);
        EXPECT_EQ(got.scalar_type(), types_.real);
        EXPECT_LT(difference(got, wanted), precision_.real);
        (got * 0.5).backward();
        (wanted * 0.5).backward();
        EXPECT_LT(difference(predicted.own.grad(), predicted.exact.grad()), precision_.stored);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GpuPixels, ::testing::ValuesIn(kPrecisions), nameOfPrecision);

}  // namespace
}  // namespace cv::mixmim
