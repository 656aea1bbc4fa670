#include "objectives/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cv::mixmim {
namespace {

at::Tensor zeros(int64_t images) {
  return at::zeros({images, 16, 16, 3});
}

TEST(EraseBoxes, FillsTheBoxAndNothingElse) {
  at::Tensor images = zeros(3);
  const cv::Rect box(2, 5, 7, 4);
  eraseBoxes(images, {{1, box, 99}});
  EXPECT_EQ(images[0].count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(images[2].count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(images[1].count_nonzero().item<int64_t>(), box.area() * 3);
  EXPECT_EQ(images[1].narrow(0, 5, 4).narrow(1, 2, 7).count_nonzero().item<int64_t>(), box.area() * 3);
}

TEST(EraseBoxes, NoiseIsStandardNormalAndBelongsToItsKey) {
  const auto noise = [](int slot, uint64_t key) {
    at::Tensor images = at::zeros({2, 224, 224, 3});
    eraseBoxes(images, {{slot, {0, 0, 200, 200}, key}});
    return images[slot];
  };
  const at::Tensor once = noise(0, 7), box = once.narrow(0, 0, 200).narrow(1, 0, 200);
  EXPECT_NEAR(box.mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(box.std().item<double>(), 1, 0.02);
  EXPECT_TRUE(once.equal(noise(1, 7)));
  EXPECT_FALSE(once.equal(noise(0, 8)));
}

TEST(Targets, AreSmoothed) {
  const at::Tensor classes = classTargets(at::tensor({2, 0}, at::kLong), 4, 0.2);
  EXPECT_TRUE(
      classes.allclose(at::tensor({0.05F, 0.05F, 0.85F, 0.05F, 0.85F, 0.05F, 0.05F, 0.05F}).view({2, 4})));
  const at::Tensor flags = at::tensor({1, 0, 1, 0}, at::kByte).view({1, 4});
  EXPECT_TRUE(labelTargets(flags, 0.2).allclose(at::tensor({0.85F, 0.05F, 0.85F, 0.05F}).view({1, 4})));
  EXPECT_TRUE(labelTargets(flags, 0).equal(flags.to(at::kFloat)));
}

TEST(Losses, WeighClasses) {
  const at::Tensor logits = at::randn({5, 3}, at::make_generator<at::CPUGeneratorImpl>(1)),
                   labels = at::tensor({0, 2, 1, 1, 2}, at::kLong), weights = at::tensor({0.5F, 2.F, 1.F});
  const at::Tensor targets = classTargets(labels, 3, 0), probabilities = logits.softmax(-1);
  double one = 0, weighted = 0;
  for (int i = 0; i < 5; ++i) {
    const auto label = labels[i].item<int64_t>();
    const double loss = -std::log(probabilities[i][label].item<double>()) / 5;
    one += loss;
    weighted += weights[label].item<double>() * loss;
  }
  EXPECT_NEAR(softCrossEntropy(logits, targets).item<double>(), one, 1e-6);
  EXPECT_NEAR(softCrossEntropy(logits, targets, weights).item<double>(), weighted, 1e-6);
}

TEST(Losses, OfSeveralLabels) {
  const at::Tensor logits = at::randn({4, 3}, at::make_generator<at::CPUGeneratorImpl>(2)),
                   targets =
                       at::tensor({1.F, 0.F, 0.3F, 0.F, 0.F, 1.F, 1.F, 1.F, 0.F, 0.F, 0.F, 0.F}).view({4, 3}),
                   weights = at::tensor({3.F, 1.F, 0.5F});
  for (const at::Tensor& some : {at::Tensor(), weights}) {
    double expected = 0;
    for (int i = 0; i < 12; ++i) {
      const double p = 1 / (1 + std::exp(-logits.flatten()[i].item<double>())),
                   t = targets.flatten()[i].item<double>(),
                   w = some.defined() ? some[i % 3].item<double>() : 1;
      expected -= (w * t * std::log(p) + (1 - t) * std::log(1 - p)) / 12;
    }
    EXPECT_NEAR(binaryCrossEntropy(logits, targets, some).item<double>(), expected, 1e-6);
  }
}

}  // namespace
}  // namespace cv::mixmim
