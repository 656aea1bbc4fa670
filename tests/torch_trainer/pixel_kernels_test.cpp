#include "compute/pixel_kernels.hpp"

#include <gtest/gtest.h>

#include "compute/patches.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {
namespace {

at::Generator seeded(uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, seeded(seed));
}

at::Tensor shuffled(int64_t count, uint64_t seed) {
  return at::randperm(count, seeded(seed), at::TensorOptions(at::kLong));
}

double largestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(Normalise, IsTheFormulaToTheBit) {
  const at::Tensor bytes = at::randint(0, 256, {3, 37, 37, 3}, seeded(1), at::TensorOptions(at::kByte));
  const auto constant = [](const float(&values)[3]) { return at::tensor(at::ArrayRef<float>(values, 3)); };
  const at::Tensor wanted = ((bytes.to(at::kFloat) / 255) - constant(kMean)) / constant(kStd);
  EXPECT_TRUE(normalise(bytes).equal(wanted));
  EXPECT_TRUE(normalise(bytes.transpose(1, 2)).equal(wanted.transpose(1, 2)));  // not in one piece
}

TEST(PatchRows, ArePatchesInTheirOrder) {
  for (const auto& [side, patch] : {std::pair<int64_t, int64_t>{16, 4}, {84, 2}}) {
    const at::Tensor images = random({2, side, side, 3}, 1);
    const int64_t grid = side / patch;
    const at::Tensor order = shuffled(grid * grid, 2);
    const at::Tensor rows = patchRows(images, patch, order);
    EXPECT_TRUE(rows.equal(patchRows(images.to(at::kDouble), patch, order).to(at::kFloat)));
    for (const int64_t k : {int64_t{0}, grid * grid - 1}) {
      const int64_t place = order[k].item<int64_t>();
      const at::Tensor patchOf = images[1]
                                     .narrow(0, place / grid * patch, patch)
                                     .narrow(1, place % grid * patch, patch)
                                     .permute({2, 0, 1});
      EXPECT_TRUE(rows[1][k].equal(patchOf.flatten())) << k;
    }
  }
}

TEST(HiddenTargets, AgreeWithPlainOperatorsInFloat64) {
  const at::Tensor mixed = random({5, 96, 96, 3}, 1) * 3 + 2;
  const at::Tensor order = shuffled(9, 2);
  for (const at::Tensor& cells : {order, order.narrow(0, 4, 5)}) {
    const at::Tensor plain = patchify(mixed.flip(0), 32).index_select(1, cells);
    EXPECT_TRUE(hiddenTargets(mixed, 32, cells, false).equal(plain));
    const at::Tensor exact = hiddenTargets(mixed.to(at::kDouble), 32, cells, true);
    EXPECT_LT(largestDifference(hiddenTargets(mixed, 32, cells, true), exact), 2e-6);
    const at::Tensor centred = plain.to(at::kDouble) - plain.to(at::kDouble).mean(-1, true);
    const at::Tensor variance = centred.square().sum(-1, true) / (32 * 32 * 3 - 1);
    EXPECT_LT(largestDifference(exact, centred / (variance + 1e-6).sqrt()), 1e-12);
  }
}

/// A cell of one colour has no variance: the small number under the root keeps rounding from being
/// everything.
TEST(HiddenTargets, OfOneColourAreZero) {
  EXPECT_LT(hiddenTargets(at::full({2, 32, 32, 3}, 0.7f), 32, at::zeros({1}, at::kLong), true)
                .abs()
                .max()
                .item<float>(),
            1e-4);
}

TEST(MeanSquaredError, AgreesWithPlainOperatorsInFloat64) {
  for (const auto& shape : {std::vector<int64_t>{1, 1, 3}, {4, 49, 3072}}) {
    const at::Tensor predicted = random(shape, 1).requires_grad_(true), targets = random(shape, 2);
    const at::Tensor exact = predicted.detach().to(at::kDouble).requires_grad_(true);
    const at::Tensor wanted = at::mse_loss(exact, targets.to(at::kDouble));
    const at::Tensor got = meanSquaredError(predicted, targets.clone());
    EXPECT_EQ(got.scalar_type(), at::kFloat);
    (got / 2).backward();
    (wanted / 2).backward();
    EXPECT_NEAR(got.item<double>(), wanted.item<double>(), 1e-7 * wanted.item<double>());
    EXPECT_LT(largestDifference(predicted.grad(), exact.grad()),
              2e-7 * exact.grad().abs().max().item<double>());
  }
}

TEST(MeanSquaredError, OfWhatIsNotFiniteIsNotFinite) {
  const at::Tensor predicted = at::zeros({2, 16});
  predicted[1][3] = NAN;
  EXPECT_TRUE(std::isnan(meanSquaredError(predicted, at::zeros({2, 16})).item<float>()));
}

}  // namespace
}  // namespace cv::mixmim
