#include "opencv2/mixmim/train/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cv::mixmim {
namespace {

using Words = std::array<uint32_t, 4>;

// Known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t all = 0xffffffff;
  EXPECT_EQ(philox({all, all, all, all}, {all, all}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, DependsOnEveryPartOfItsKey) {
  const auto first = [](Rng rng) { return rng.next(); };
  const uint32_t base = first({1, 2, 3, Purpose::kCrop});
  EXPECT_EQ(base, first({1, 2, 3, Purpose::kCrop}));
  EXPECT_NE(base, first({9, 2, 3, Purpose::kCrop}));
  EXPECT_NE(base, first({1, 9, 3, Purpose::kCrop}));
  EXPECT_NE(base, first({1, 2, 9, Purpose::kCrop}));
  EXPECT_NE(base, first({1, 2, 3, Purpose::kFlip}));
  EXPECT_NE(base, first({1ull << 40, 2, 3, Purpose::kCrop}));
}

TEST(Rng, BelowIsUniformAndInRange) {
  Rng rng(1, 0, 0, Purpose::kMask);
  std::array<int, 7> counts{};
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(rng.below(7));
  double chiSquare = 0;
  for (int count : counts) chiSquare += std::pow(count - kDraws / 7.0, 2) / (kDraws / 7.0);
  EXPECT_LT(chiSquare, 22.5);  // 6 degrees of freedom, p = 0.001
}

struct Moments {
  double mean = 0, variance = 0;
};

template <class Draw>
Moments momentsOf(Draw draw) {
  constexpr int kDraws = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

TEST(Rng, DistributionsHaveTheirMoments) {
  Rng rng(7, 0, 0, Purpose::kMixture);
  const Moments uniform = momentsOf([&] { return rng.uniform(); });
  EXPECT_NEAR(uniform.mean, 0.5, 0.005);
  EXPECT_NEAR(uniform.variance, 1.0 / 12, 0.002);
  const Moments normal = momentsOf([&] { return rng.normal(); });
  EXPECT_NEAR(normal.mean, 0, 0.02);
  EXPECT_NEAR(normal.variance, 1, 0.02);
  const Moments beta = momentsOf([&] { return rng.beta(0.8, 0.8); });
  EXPECT_NEAR(beta.mean, 0.5, 0.005);
  EXPECT_NEAR(beta.variance, 0.25 / 2.6, 0.002);
  const Moments gamma = momentsOf([&] { return rng.gamma(3); });
  EXPECT_NEAR(gamma.mean, 3, 0.03);
  EXPECT_NEAR(gamma.variance, 3, 0.1);
}

TEST(Rng, BetaOfTinyParametersIsANumber) {
  Rng rng(3, 0, 0, Purpose::kMixture);
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double x = rng.beta(1e-4, 1e-4);
    ASSERT_TRUE(x >= 0 && x <= 1) << x;
    sum += x;
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.06);
}

}  // namespace
}  // namespace cv::mixmim
