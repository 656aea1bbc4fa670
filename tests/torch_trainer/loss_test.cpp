#include "objectives/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cv::mixmim {
namespace {

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
