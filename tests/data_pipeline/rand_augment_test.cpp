#include "data_pipeline/rand_augment.hpp"

#include <cmath>
#include <map>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/augment.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

using test::equal;
using test::hashOf;
using test::noise;

struct Golden {
  AugmentOp op;
  std::optional<double> value;
  cv::Size size;
  uint64_t hash;
};

// Printed by tests/golden/image_ops.py.

const Golden kPillow[] = {
    {AugmentOp::kAutoContrast, {}, {96, 96}, 0x9db09183cea6508d},
    {AugmentOp::kEqualize, {}, {96, 96}, 0x2a5a5ef89ce2ccb5},
    {AugmentOp::kInvert, {}, {96, 96}, 0xd650e37f86a15ae8},
    {AugmentOp::kRotate, 27.0, {96, 96}, 0x1cc64525b9b455e1},
    {AugmentOp::kRotate, -30.0, {96, 96}, 0x354de1028f27bcb5},
    {AugmentOp::kRotate, 0.0, {96, 96}, 0x7fc18b0932240d4c},
    {AugmentOp::kRotate, 90.0, {96, 96}, 0xf015d429bdc7289a},
    {AugmentOp::kRotate, 180.0, {96, 96}, 0x35edf3c6ed97215e},
    {AugmentOp::kRotate, -90.0, {96, 96}, 0x172134f1c407d998},
    {AugmentOp::kPosterizeIncreasing, 0.0, {96, 96}, 0x1028d44458cc9325},
    {AugmentOp::kPosterizeIncreasing, 1.0, {96, 96}, 0x1028d44458cc9325},
    {AugmentOp::kPosterizeIncreasing, 4.0, {96, 96}, 0x6def0cf393a8b805},
    {AugmentOp::kPosterizeIncreasing, 8.0, {96, 96}, 0x7fc18b0932240d4c},
    {AugmentOp::kSolarizeIncreasing, 0.0, {96, 96}, 0xd650e37f86a15ae8},
    {AugmentOp::kSolarizeIncreasing, 26.0, {96, 96}, 0xd650e37f86a15ae8},
    {AugmentOp::kSolarizeIncreasing, 256.0, {96, 96}, 0x7fc18b0932240d4c},
    {AugmentOp::kSolarizeAdd, 0.0, {96, 96}, 0x7fc18b0932240d4c},
    {AugmentOp::kSolarizeAdd, 99.0, {96, 96}, 0xf939f709f19eae52},
    {AugmentOp::kSolarizeAdd, 128.0, {96, 96}, 0x0481003c15cb554c},
    {AugmentOp::kColorIncreasing, 0.1, {96, 96}, 0x704a400849a2eef1},
    {AugmentOp::kColorIncreasing, 1.0, {96, 96}, 0x7fc18b0932240d4c},
    {AugmentOp::kColorIncreasing, 1.9, {96, 96}, 0xba5e6719ad969060},
    {AugmentOp::kContrastIncreasing, 0.19, {96, 96}, 0x700d36dc5836717b},
    {AugmentOp::kContrastIncreasing, 1.81, {96, 96}, 0xca65a83973292b5e},
    {AugmentOp::kBrightnessIncreasing, 0.19, {96, 96}, 0xd99e8c6e64e6e295},
    {AugmentOp::kBrightnessIncreasing, 1.81, {96, 96}, 0xe2caa1cc28ef99f0},
    {AugmentOp::kSharpnessIncreasing, 0.1, {96, 96}, 0xabbcc223d6662fec},
    {AugmentOp::kSharpnessIncreasing, 1.9, {96, 96}, 0x8178025498e29cc3},
    {AugmentOp::kShearX, 0.27, {96, 96}, 0x8be87f1416007867},
    {AugmentOp::kShearX, -0.3, {96, 96}, 0x87c55f556a55c9e9},
    {AugmentOp::kShearY, 0.27, {96, 96}, 0x11ef98b5eebbbfbc},
    {AugmentOp::kShearY, -0.3, {96, 96}, 0x172b02a9be259918},
    {AugmentOp::kTranslateXRel, 43.2, {96, 96}, 0xd5c0cdb48edf1c9f},
    {AugmentOp::kTranslateXRel, -7.3, {96, 96}, 0x42fa401f79a7b2ca},
    {AugmentOp::kTranslateYRel, 43.2, {96, 96}, 0xc7f1104f26857265},
    {AugmentOp::kTranslateYRel, -7.3, {96, 96}, 0x327b896a8164ae55},
    {AugmentOp::kAutoContrast, {}, {33, 20}, 0x1e52bb94efb34dc0},
    {AugmentOp::kInvert, {}, {33, 20}, 0xef4b93273e635d0a},
    {AugmentOp::kRotate, -30.0, {33, 20}, 0x1c4e2267ad1c8619},
    {AugmentOp::kRotate, 90.0, {33, 20}, 0xd4eda731fc28d9d2},
    {AugmentOp::kRotate, -90.0, {33, 20}, 0x40b5838b5c8c9adc},
    {AugmentOp::kPosterizeIncreasing, 1.0, {33, 20}, 0x31aca7b1de162255},
    {AugmentOp::kPosterizeIncreasing, 8.0, {33, 20}, 0x5be8e74330bec34e},
    {AugmentOp::kSolarizeIncreasing, 26.0, {33, 20}, 0xef4b93273e635d0a},
    {AugmentOp::kSolarizeAdd, 0.0, {33, 20}, 0x5be8e74330bec34e},
    {AugmentOp::kSolarizeAdd, 128.0, {33, 20}, 0x2e9b183da845564e},
    {AugmentOp::kColorIncreasing, 1.0, {33, 20}, 0x5be8e74330bec34e},
    {AugmentOp::kContrastIncreasing, 0.19, {33, 20}, 0xf742ed4146201a21},
    {AugmentOp::kBrightnessIncreasing, 0.19, {33, 20}, 0xc6e21fa3b926a9f3},
    {AugmentOp::kSharpnessIncreasing, 0.1, {33, 20}, 0x961f0a6e09983c26},
    {AugmentOp::kShearX, 0.27, {33, 20}, 0x1add1d0585016a7d},
    {AugmentOp::kShearY, 0.27, {33, 20}, 0x640b78dc93a38968},
    {AugmentOp::kTranslateXRel, 43.2, {33, 20}, 0xd9a8efc9eabc53b5},
    {AugmentOp::kTranslateYRel, 43.2, {33, 20}, 0xd9a8efc9eabc53b5},
    {AugmentOp::kAutoContrast, {}, {2, 2}, 0xac33a735aa454d33},
    {AugmentOp::kInvert, {}, {2, 2}, 0xb8487fec05053a12},
    {AugmentOp::kRotate, -30.0, {2, 2}, 0xfdc139287a16ff3b},
    {AugmentOp::kRotate, 90.0, {2, 2}, 0x4ed2689683c258da},
    {AugmentOp::kRotate, -90.0, {2, 2}, 0x33e331b4c8a675e8},
    {AugmentOp::kPosterizeIncreasing, 1.0, {2, 2}, 0x5467b0da1d106495},
    {AugmentOp::kPosterizeIncreasing, 8.0, {2, 2}, 0x720ade7b4fb808f2},
    {AugmentOp::kSolarizeIncreasing, 26.0, {2, 2}, 0xb8487fec05053a12},
    {AugmentOp::kSolarizeAdd, 0.0, {2, 2}, 0x720ade7b4fb808f2},
    {AugmentOp::kSolarizeAdd, 128.0, {2, 2}, 0x9a414a01ad1e6cf2},
    {AugmentOp::kColorIncreasing, 1.0, {2, 2}, 0x720ade7b4fb808f2},
    {AugmentOp::kContrastIncreasing, 0.19, {2, 2}, 0xeaac1ed44bacff4b},
    {AugmentOp::kBrightnessIncreasing, 0.19, {2, 2}, 0x25a789e20c18e759},
    {AugmentOp::kSharpnessIncreasing, 0.1, {2, 2}, 0x720ade7b4fb808f2},
    {AugmentOp::kShearX, 0.27, {2, 2}, 0x4d86ec0cfc70d589},
    {AugmentOp::kShearY, 0.27, {2, 2}, 0xcd7b529d84848278},
    {AugmentOp::kTranslateXRel, 43.2, {2, 2}, 0x9c6dbcb52762f875},
    {AugmentOp::kTranslateYRel, 43.2, {2, 2}, 0x9c6dbcb52762f875},
    {AugmentOp::kAutoContrast, {}, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kInvert, {}, {1, 1}, 0xcc87d41aa83251f7},
    {AugmentOp::kRotate, -30.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kRotate, 90.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kRotate, -90.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kPosterizeIncreasing, 1.0, {1, 1}, 0xd94d12186c0f2fb7},
    {AugmentOp::kPosterizeIncreasing, 8.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kSolarizeIncreasing, 26.0, {1, 1}, 0xcc87d41aa83251f7},
    {AugmentOp::kSolarizeAdd, 0.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kSolarizeAdd, 128.0, {1, 1}, 0x5aa7081c1bf51628},
    {AugmentOp::kColorIncreasing, 1.0, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kContrastIncreasing, 0.19, {1, 1}, 0x1e525e19b5578457},
    {AugmentOp::kBrightnessIncreasing, 0.19, {1, 1}, 0xfc2970187fdd7b89},
    {AugmentOp::kSharpnessIncreasing, 0.1, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kShearX, 0.27, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kShearY, 0.27, {1, 1}, 0x04370819a68505a8},
    {AugmentOp::kTranslateXRel, 43.2, {1, 1}, 0x9bfe1e196b68d26f},
    {AugmentOp::kTranslateYRel, 43.2, {1, 1}, 0x9bfe1e196b68d26f},
};

class PillowOps : public testing::TestWithParam<Golden> {};

TEST_P(PillowOps, SamePixels) {
  const auto& [op, value, size, hash] = GetParam();
  cv::Mat image = noise(size, CV_8UC3), scratch;
  for (int y = 0; y < image.rows; ++y)
    for (int x = 0; x < image.cols * 3; ++x) image.ptr(y)[x] = static_cast<uint8_t>(image.ptr(y)[x] / 4 + 64);
  cv::Mat portable = image.clone();
  apply({op, value}, image, scratch);
  EXPECT_EQ(hashOf(image), hash);

  cv::setUseOptimized(false);
  apply({op, value}, portable, scratch);
  cv::setUseOptimized(true);
  EXPECT_EQ(hashOf(portable), hash) << "without vector instructions";
}

std::string nameOfCase(const testing::TestParamInfo<Golden>& info) {
  const auto& [op, value, size, hash] = info.param;
  std::string name = nameOf(op) + std::to_string(size.width) + "x" + std::to_string(size.height);
  if (value) name += (*value < 0 ? "Minus" : "By") + std::to_string(std::llround(std::abs(*value) * 100));
  return name;
}

INSTANTIATE_TEST_SUITE_P(RandAugment, PillowOps, testing::ValuesIn(kPillow), nameOfCase);

TEST(ImageOps, LeaveTheNeighboursOfASliceAlone) {
  Rng rng(1, 0, 0, Purpose::kRandAugment);
  for (int op = 0; op < kAugmentOps; ++op) {
    cv::Mat batch(96, 32, CV_8UC3, cv::Scalar::all(7)), slice = batch.rowRange(32, 64), scratch;
    noise({32, 32}, CV_8UC3).copyTo(slice);
    apply(withMagnitude(static_cast<AugmentOp>(op), 9, op % 2 != 0, slice.size()), slice, scratch);
    EXPECT_TRUE(equal(batch.rowRange(0, 32), cv::Mat(32, 32, CV_8UC3, cv::Scalar::all(7)))) << op;
    EXPECT_TRUE(equal(batch.rowRange(64, 96), cv::Mat(32, 32, CV_8UC3, cv::Scalar::all(7)))) << op;
  }
}

TEST(WithMagnitude, GivesThePublishedArguments) {
  const cv::Size size(224, 200);
  const auto value = [&](AugmentOp op, double magnitude, bool negative = false) {
    return withMagnitude(op, magnitude, negative, size).value;
  };
  EXPECT_FALSE(value(AugmentOp::kEqualize, 9));
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kRotate, 9), 27);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kRotate, 10, true), -30);
  EXPECT_EQ(*value(AugmentOp::kPosterizeIncreasing, 0), 4);
  EXPECT_EQ(*value(AugmentOp::kPosterizeIncreasing, 9), 1);
  EXPECT_EQ(*value(AugmentOp::kPosterizeIncreasing, 10), 0);
  EXPECT_EQ(*value(AugmentOp::kSolarizeIncreasing, 9), 26);
  EXPECT_EQ(*value(AugmentOp::kSolarizeIncreasing, 10), 0);
  EXPECT_EQ(*value(AugmentOp::kSolarizeIncreasing, 0), 256);
  EXPECT_EQ(*value(AugmentOp::kSolarizeAdd, 9), 99);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kColorIncreasing, 9), 1.81);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kSharpnessIncreasing, 10, true), 0.1);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kShearX, 9, true), -0.27);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kTranslateXRel, 10), 0.45 * 224);
  EXPECT_DOUBLE_EQ(*value(AugmentOp::kTranslateYRel, 10, true), -0.45 * 200);
}

AugmentConfig published() {
  AugmentConfig config;
  config.randLayers = 2;
  config.erase = 0.25;
  return config;
}

TEST(RandAugment, DrawsEachOperationEquallyOften) {
  std::map<AugmentOp, int> counts;
  int black = 0, total = 0;
  constexpr int kImages = 30000;
  for (int i = 0; i < kImages; ++i) {
    Rng rng(5, static_cast<uint64_t>(i), 0, Purpose::kRandAugment);
    for (const AppliedOp& applied : RandAugment({224, 224}, published(), rng)) {
      ++counts[applied.op];
      ++total;
      black += applied.op == AugmentOp::kPosterizeIncreasing && *applied.value == 0;
    }
  }
  EXPECT_NEAR(total, kImages, 5 * std::sqrt(kImages * 0.5));  // two layers, each with probability one half
  ASSERT_EQ(counts.size(), size_t{kAugmentOps});
  for (const auto& [op, count] : counts)
    EXPECT_NEAR(count, total / 15.0, 5 * std::sqrt(total / 15.0)) << nameOf(op);
  // Magnitude 10 needs two standard deviations: 2.3 % of the posterisations are black.
  EXPECT_NEAR(black, total / 15.0 * 0.0228, 5 * std::sqrt(total / 15.0 * 0.0228));
}

TEST(RandAugment, WithoutLayersNothingIsDone) {
  Rng rng(1, 1, 1, Purpose::kRandAugment);
  const RandAugment ops({64, 64}, AugmentConfig{}, rng);
  EXPECT_EQ(ops.begin(), ops.end());
}

TEST(RandAugment, ProbabilityOneAppliesEveryLayer) {
  AugmentConfig config = published();
  config.randLayers = RandAugment::kMaxLayers;
  config.randProbability = 1;
  Rng rng(1, 1, 1, Purpose::kRandAugment);
  const RandAugment ops({64, 64}, config, rng);
  EXPECT_EQ(ops.end() - ops.begin(), RandAugment::kMaxLayers);
}

TEST(DrawErase, BoxesLieInsideAndHaveTheRightShares) {
  constexpr int kImages = 20000, kSide = 224;
  int drawn = 0;
  double least = 1, most = 0;
  for (int i = 0; i < kImages; ++i) {
    Rng rng(9, static_cast<uint64_t>(i), 0, Purpose::kErase);
    const cv::Rect box = drawErase({kSide, kSide}, published(), rng);
    if (box.empty()) continue;
    ++drawn;
    EXPECT_EQ(box & cv::Rect(0, 0, kSide, kSide), box);
    EXPECT_LT(box.width, kSide);
    EXPECT_LT(box.height, kSide);
    const double share = static_cast<double>(box.area()) / (kSide * kSide);
    least = std::min(least, share);
    most = std::max(most, share);
  }
  EXPECT_NEAR(drawn, kImages * 0.25, 5 * std::sqrt(kImages * 0.25 * 0.75));
  EXPECT_NEAR(least, 0.02, 0.002);
  EXPECT_NEAR(most, 1.0 / 3, 0.01);
}

TEST(DrawAugmentation, DependsOnItsKeyAlone) {
  const auto draw = [](int64_t index, int64_t epoch) {
    return drawAugmentation(3, index, epoch, {500, 375}, {224, 224}, published());
  };
  EXPECT_EQ(draw(1, 0).erasure.key, draw(1, 0).erasure.key);
  EXPECT_EQ(draw(1, 0).view.crop, draw(1, 0).view.crop);
  EXPECT_NE(draw(1, 0).erasure.key, draw(2, 0).erasure.key);
  EXPECT_NE(draw(1, 0).view.crop, draw(1, 1).view.crop);
}

}  // namespace
}  // namespace cv::mixmim
