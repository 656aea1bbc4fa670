#include "network/attention.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "network/linear.hpp"

namespace cv::mixmim {
namespace {

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// A float64 copy that wants a gradient.
at::Tensor exact(const at::Tensor& x) {
  return x.detach().to(at::kDouble).requires_grad_(true);
}

double largestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

constexpr double kRounding = 2e-5;  // of float32, in sums of some hundred terms around 1

TEST(Attend, HugeScoresDoNotOverflow) {
  const at::Tensor q = at::full({2, 16}, 100.f), k = at::full({3, 16}, 100.f), v = random({3, 16}, 1);
  const at::Tensor qkv = at::cat({at::cat({q, q.narrow(0, 0, 1)}), k, v}, 1).unsqueeze(0);
  const at::Tensor out = attend(qkv, 1, std::make_shared<AttentionPattern>(everyoneSees(3, 3)));
  EXPECT_LT(largestDifference(out[0][0], v.mean(0)), kRounding);
}

/// A mask of 4 x 4 cells by name.
cv::Mat maskOf(const std::string& name) {
  cv::Mat mask = cv::Mat::zeros(4, 4, CV_8U);
  if (name == "partner") mask.setTo(1);
  if (name == "checkers")
    for (int i = 0; i < 16; ++i) mask.at<uchar>(i / 4, i % 4) = static_cast<uchar>((i + i / 4) % 2);
  if (name == "corner") mask(cv::Rect(0, 0, 1, 1)).setTo(1);
  return mask;
}

/// Stages of 32, 16, 8 and 4 tokens a side under a 4 x 4 mask; windows of 8, 8, 8 and 4.
Geometry smallGeometry() {
  ModelConfig model;
  model.imageSize = 128;
  model.embedDim = 32;
  model.headDim = 16;
  model.depths = {1, 1, 1, 1};
  return geometryOf(model);
}

class Patterns : public ::testing::TestWithParam<const char*> {};

TEST_P(Patterns, KernelsAgreeWithPlainOperatorsInFloat64) {
  const Geometry geometry = smallGeometry();
  const bool whole = std::string(GetParam()) == "whole";
  for (const bool groups : {true, false}) {
    const TokenOrder order(geometry, whole ? cv::Mat() : maskOf(GetParam()), at::kCPU, groups);
    for (size_t s = 0; s < geometry.stages.size(); ++s) {
      SCOPED_TRACE(cv::format("stage %zu, groups %d", s + 1, groups));
      const Stage& stage = geometry.stages[s];
      const at::Tensor qkv = random({2, stage.tokens(), 3 * stage.dim}, s).requires_grad_(true);
      const at::Tensor table = random({stage.biasRows(), stage.heads}, s + 9).requires_grad_(true);
      const at::Tensor exactQkv = exact(qkv), exactTable = exact(table);
      const at::Tensor wanted = attendPlainly(exactQkv, stage.heads, *order.stages[s].pattern, exactTable);
      const at::Tensor got = attend(qkv, stage.heads, order.stages[s].pattern, table);
      const at::Tensor gradient = random(got.sizes(), s + 20);
      wanted.backward(gradient.to(at::kDouble));
      got.backward(gradient);
      EXPECT_LT(largestDifference(got, wanted), kRounding);
      EXPECT_LT(largestDifference(qkv.grad(), exactQkv.grad()), kRounding);
      // Sums of thousands of terms, in another order.
      EXPECT_LT(largestDifference(table.grad(), exactTable.grad()), 20 * kRounding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Masks, Patterns, ::testing::Values("whole", "own", "partner", "checkers", "corner"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Attention, ThreadsDoNotChangeTheResult) {
  const Geometry geometry = smallGeometry();
  const TokenOrder order(geometry, maskOf("checkers"), at::kCPU);
  const Stage& stage = geometry.stages.front();
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    const at::Tensor qkv = random({3, stage.tokens(), 3 * stage.dim}, 1).requires_grad_(true);
    const at::Tensor table = random({stage.biasRows(), stage.heads}, 2).requires_grad_(true);
    attend(qkv, stage.heads, order.stages.front().pattern, table).square().sum().backward();
    return std::pair{qkv.grad(), table.grad()};
  };
  const auto one = gradients(1), three = gradients(3);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_TRUE(one.second.equal(three.second));
}

TEST(TokenOrder, WindowsAndGroupsAreRangesAndMergingFindsTheNeighbours) {
  const Geometry geometry = smallGeometry();
  const cv::Mat mask = maskOf("checkers");
  const TokenOrder order(geometry, mask, at::kCPU);
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const auto raster = order.stages[s].raster.order.accessor<int64_t, 1>();
    const int cell = stage.grid / geometry.cells;
    std::vector<int> seen(static_cast<size_t>(stage.tokens()));
    for (const Segment& segment : order.stages[s].pattern->segments) {
      const auto about = [&](int64_t k) {
        const int y = static_cast<int>(raster[k]) / stage.grid, x = static_cast<int>(raster[k]) % stage.grid;
        return std::tuple{y / stage.window, x / stage.window, mask.at<uchar>(y / cell, x / cell)};
      };
      for (int64_t k = segment.queryBegin; k < segment.queryEnd; ++k) {
        ++seen[static_cast<size_t>(raster[k])];
        EXPECT_EQ(about(k), about(segment.queryBegin));
      }
    }
    EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
    if (s + 1 == geometry.stages.size()) continue;
    const auto merge = order.stages[s].merge.order.accessor<int64_t, 1>();
    const auto next = order.stages[s + 1].raster.order.accessor<int64_t, 1>();
    const int half = stage.grid / 2;
    for (int64_t k = 0; k < stage.tokens(); ++k) {
      const int64_t token = next[k / 4], row = token / half * 2 + k % 2,
                    column = token % half * 2 + k % 4 / 2;
      EXPECT_EQ(raster[merge[k]], row * stage.grid + column) << k;
    }
  }
}

TEST(PermuteTokens, GradientGoesBackToWhereItCameFrom) {
  const Permutation turn = permutation({2, 0, 1}, at::kCPU);
  const at::Tensor x = random({2, 3, 4}, 1).requires_grad_(true), gradient = random({2, 3, 4}, 2);
  permuteTokens(x, turn).backward(gradient);
  EXPECT_TRUE(permuteTokens(x.grad(), turn).equal(gradient));
}

TEST(GeluLinear, AgreesWithTheTwoOperators) {
  const at::Tensor x = random({2, 5, 8}, 1).to(at::kDouble).requires_grad_(true);
  const at::Tensor weight = random({3, 8}, 2).to(at::kDouble).requires_grad_(true);
  const at::Tensor bias = random({3}, 3).to(at::kDouble).requires_grad_(true);
  const at::Tensor plainX = exact(x), plainWeight = exact(weight), plainBias = exact(bias);
  const at::Tensor got = geluLinear(x, weight, bias, at::kDouble),
                   wanted = at::linear(at::gelu(plainX), plainWeight, plainBias);
  const at::Tensor gradient = random(got.sizes(), 4).to(at::kDouble);
  got.backward(gradient);
  wanted.backward(gradient);
  constexpr double kExact = 1e-13;
  EXPECT_LT(largestDifference(got, wanted), kExact);
  EXPECT_LT(largestDifference(x.grad(), plainX.grad()), kExact);
  EXPECT_LT(largestDifference(weight.grad(), plainWeight.grad()), kExact);
  EXPECT_LT(largestDifference(bias.grad(), plainBias.grad()), kExact);
}

TEST(Attention, AcrossSequencesOfDifferentLengths) {
  const at::Tensor q = random({2, 5, 32}, 1).requires_grad_(true),
                   kv = random({2, 9, 64}, 2).requires_grad_(true);
  const at::Tensor exactQ = exact(q), exactKv = exact(kv), gradient = random({2, 5, 32}, 3);
  attendAcross(q, kv, 2).backward(gradient);
  attendAcross(exactQ, exactKv, 2).backward(gradient.to(at::kDouble));
  EXPECT_LT(largestDifference(attendAcross(q, kv, 2), attendAcross(exactQ, exactKv, 2)), kRounding);
  EXPECT_LT(largestDifference(q.grad(), exactQ.grad()), kRounding);
  EXPECT_LT(largestDifference(kv.grad(), exactKv.grad()), kRounding);
}

TEST(LinearLayer, MultipliesInTheTypeAskedForAndKeepsTheTypesOfGradients) {
  const at::Tensor x = random({2, 5, 8}, 1).requires_grad_(true),
                   weight = random({3, 8}, 2).requires_grad_(true),
                   bias = random({3}, 3).requires_grad_(true);
  const at::Tensor y = linearLayer(x, weight, bias, at::kBFloat16);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  y.backward(random(y.sizes(), 4).to(at::kBFloat16));
  for (const at::Tensor& leaf : {x, weight, bias}) EXPECT_EQ(leaf.grad().scalar_type(), at::kFloat);
  constexpr double kBFloat16 = 1.0 / 128;
  EXPECT_LT(largestDifference(y, at::linear(x, weight, bias)), 8 * kBFloat16);
}

}  // namespace
}  // namespace cv::mixmim
