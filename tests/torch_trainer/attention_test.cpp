#include "tokens/attention.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "network/linear.hpp"
#include "tests/torch_trainer/small_plans.hpp"

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

class Patterns : public ::testing::TestWithParam<const char*> {};

using Pattern = std::shared_ptr<const AttentionPattern>;

void expectAgreementInWindows(const Stage& stage, const Block& block, const Pattern& pattern, uint64_t seed) {
  const at::Tensor qkv = random({2, stage.tokens(), 3 * stage.dim}, seed).requires_grad_(true);
  const at::Tensor table =
      block.biased ? random({block.differences().area(), stage.heads}, seed + 9).requires_grad_(true)
                   : at::Tensor();
  const at::Tensor exactQkv = exact(qkv), exactTable = block.biased ? exact(table) : table;
  const at::Tensor wanted = attendPlainly(exactQkv, stage.heads, *pattern, exactTable);
  const at::Tensor got = attend(qkv, stage.heads, pattern, table);
  const at::Tensor gradient = random(got.sizes(), seed + 20);
  wanted.backward(gradient.to(at::kDouble));
  got.backward(gradient);
  EXPECT_LT(largestDifference(got, wanted), kRounding);
  EXPECT_LT(largestDifference(qkv.grad(), exactQkv.grad()), kRounding);
  if (!block.biased) return;
  EXPECT_LT(largestDifference(table.grad(), exactTable.grad()),
            20 * kRounding);  // sums of thousands of terms, in another order
}

void expectAgreementToReducedKeys(const Stage& stage, const Pattern& pattern, uint64_t seed) {
  const Segment& last = pattern->sight.segments.back();
  const at::Tensor q = random({2, last.queryEnd, stage.dim}, seed).requires_grad_(true),
                   kv = random({2, last.keyEnd, 2 * stage.dim}, seed + 9).requires_grad_(true);
  const at::Tensor exactQ = exact(q), exactKv = exact(kv);  // of float64, which no kernel takes
  const at::Tensor wanted = attendAcross(exactQ, exactKv, stage.heads, pattern),
                   got = attendAcross(q, kv, stage.heads, pattern), gradient = random(got.sizes(), seed + 20);
  wanted.backward(gradient.to(at::kDouble));
  got.backward(gradient);
  EXPECT_LT(largestDifference(got, wanted), kRounding);
  EXPECT_LT(largestDifference(q.grad(), exactQ.grad()), kRounding);
  EXPECT_LT(largestDifference(kv.grad(), exactKv.grad()), 20 * kRounding);  // sums over all queries
}

void expectAgreement(const Plan& plan, const cv::Mat& mask, bool groups) {
  const std::vector<StageOrder> orders = stageOrders(plan, mask, at::kCPU, groups);
  for (size_t s = 0; s < plan.stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      SCOPED_TRACE(cv::format("%s, groups %d", block.name.c_str(), groups));
      const Pattern& pattern = orders[s].patternOf(block);
      if (block.meeting == Meeting::kReduced)
        expectAgreementToReducedKeys(plan.stages[s], pattern, s);
      else
        expectAgreementInWindows(plan.stages[s], block, pattern, s);
    }
}

TEST_P(Patterns, KernelsAgreeWithPlainOperatorsInFloat64) {
  const bool whole = std::string(GetParam()) == "whole";
  const cv::Mat mask = whole ? cv::Mat() : maskOf(GetParam());
  for (const bool groups : {true, false}) {
    for (const Family family : {Family::kMixMim, Family::kSwin, Family::kPvt, Family::kTwinsSvt})
      expectAgreement(smallPlan(family), mask, groups);
  }
}

INSTANTIATE_TEST_SUITE_P(Masks, Patterns, ::testing::Values("whole", "own", "partner", "checkers", "corner"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Attention, ThreadsDoNotChangeTheResult) {
  const Plan plan = smallPlan(Family::kSwin);
  const std::vector<StageOrder> orders = stageOrders(plan, maskOf("checkers"), at::kCPU);
  const Stage& stage = plan.stages.front();
  const Block& shifted = stage.blocks.back();
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    const at::Tensor qkv = random({3, stage.tokens(), 3 * stage.dim}, 1).requires_grad_(true);
    const at::Tensor table = random({shifted.differences().area(), stage.heads}, 2).requires_grad_(true);
    attend(qkv, stage.heads, orders.front().patternOf(shifted), table).square().sum().backward();
    return std::pair{qkv.grad(), table.grad()};
  };
  const auto one = gradients(1), three = gradients(3);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_TRUE(one.second.equal(three.second));
}

/// One head and one segment, so that threads divide the sequences.
TEST(Attention, ThreadsDoNotChangeTheResultWithoutBias) {
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    const at::Tensor q = random({5, 70, 32}, 1).requires_grad_(true),
                     kv = random({5, 9, 64}, 2).requires_grad_(true);
    attendAcross(q, kv, 1).square().sum().backward();
    return std::pair{q.grad(), kv.grad()};
  };
  const int before = at::get_num_threads();
  const auto one = gradients(1), three = gradients(3);
  at::set_num_threads(before);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_TRUE(one.second.equal(three.second));
}

/// With memory for all, for some of them, and for none at once.
TEST(IndexBlock, BringsListsOfEveryLength) {
  for (const int64_t bytes : {int64_t{1} << 20, int64_t{100}, int64_t{0}}) {
    IndexBlock block(at::kCPU, bytes);
    std::vector<at::Tensor> tensors;
    int32_t* late = nullptr;
    const at::Tensor written = block.room(9, late);
    for (int64_t n = 0; n < 40; ++n) {
      const std::vector<int64_t> wide(static_cast<size_t>(n), n);
      tensors.push_back(n % 2 ? block.add(wide) : block.add(std::vector<int32_t>(wide.begin(), wide.end())));
    }
    std::fill_n(late, 9, 7);
    block.send();
    EXPECT_TRUE(written.equal(at::full({9}, 7, at::kInt))) << bytes;
    for (int64_t n = 0; n < 40; ++n) {
      const at::Tensor& got = tensors[static_cast<size_t>(n)];
      EXPECT_TRUE(got.equal(at::full({n}, n, n % 2 ? at::kLong : at::kInt))) << bytes << ", " << n;
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
