#include "data_pipeline/mixture.hpp"

#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

constexpr int kSize = 224, kDraws = 4000;

std::vector<Mixture> draws(const MixConfig& config) {
  std::vector<Mixture> list;
  for (uint64_t step = 0; step < kDraws; ++step) {
    Rng rng(4, step, 0, Purpose::kMixture);
    list.push_back(drawMixture({kSize, kSize}, config, rng));
  }
  return list;
}

int count(const std::vector<Mixture>& list, const std::function<bool(const Mixture&)>& which) {
  return static_cast<int>(std::count_if(list.begin(), list.end(), which));
}

bool isPlain(const Mixture& mixture) {
  return mixture.lambda == 1 && mixture.box.empty();
}

bool isCutmix(const Mixture& mixture) {
  return !mixture.box.empty();
}

TEST(Mixture, OffIsPlain) {
  MixConfig config;
  config.mixup = config.cutmix = 0;
  EXPECT_EQ(count(draws(config), isPlain), kDraws);
}

TEST(Mixture, ProbabilityOfBeingMixed) {
  MixConfig config;
  config.cutmix = 0;
  config.probability = 0.25;
  EXPECT_NEAR(count(draws(config), isPlain), kDraws * 0.75, 90);  // 3.3 standard deviations
}

TEST(Mixture, SwitchesBetweenTheKinds) {
  MixConfig config;
  config.switchProbability = 0.3;
  const auto list = draws(config);
  // A tenth per mille of the boxes is empty; those count as neither.
  EXPECT_NEAR(count(list, isCutmix), kDraws * 0.3, 96);
  config.cutmix = 0;
  EXPECT_EQ(count(draws(config), isCutmix), 0);
  config.cutmix = 1;
  config.mixup = 0;
  EXPECT_EQ(count(draws(config), [](const Mixture& m) { return !isCutmix(m) && !isPlain(m); }), 0);
}

TEST(Mixture, MixupIsBeta) {
  MixConfig config;
  config.cutmix = 0;
  config.mixup = 0.8;
  double sum = 0, squares = 0;
  for (const Mixture& mixture : draws(config)) {
    EXPECT_GE(mixture.lambda, 0);
    EXPECT_LE(mixture.lambda, 1);
    sum += mixture.lambda;
    squares += (mixture.lambda - 0.5) * (mixture.lambda - 0.5);
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.016);
  EXPECT_NEAR(squares / kDraws, 0.25 / 2.6, 0.005);  // variance of Beta(a, a): 1 / (4 (2a + 1))
}

TEST(Mixture, CutmixLambdaIsTheAreaThatStays) {
  MixConfig config;
  config.mixup = 0;
  for (const Mixture& mixture : draws(config)) {
    const cv::Rect& box = mixture.box;
    EXPECT_EQ(box & cv::Rect(0, 0, kSize, kSize), box);
    EXPECT_FLOAT_EQ(mixture.lambda, 1 - static_cast<float>(box.area()) / (kSize * kSize));
    const bool inside = box.x > 0 && box.y > 0 && box.br().x < kSize && box.br().y < kSize;
    if (inside) {
      EXPECT_EQ(box.width, box.height);
      EXPECT_EQ(box.width % 2, 0);
    }
  }
}

TEST(Mixture, CutmixFollowsTheDraws) {
  MixConfig config;
  config.mixup = 0;
  for (uint64_t step = 0; step < 200; ++step) {
    Rng rng(4, step, 0, Purpose::kMixture), same = rng;
    const Mixture mixture = drawMixture({kSize, kSize}, config, rng);
    same.uniform();
    const double lambda = same.beta(1, 1);
    const int half = static_cast<int>(kSize * std::sqrt(1 - lambda)) / 2;
    const int y = static_cast<int>(same.below(kSize)), x = static_cast<int>(same.below(kSize));
    const int top = std::max(0, y - half), left = std::max(0, x - half);
    const cv::Rect expected(left, top, std::min(kSize, x + half) - left, std::min(kSize, y + half) - top);
    EXPECT_EQ(mixture.box, expected.empty() ? cv::Rect() : expected);
  }
}

}  // namespace
}  // namespace cv::mixmim
