// Attention as a GPU computes it, with plain operators in the place of its kernels.
#include "tokens/segment_attention.hpp"

#include <gtest/gtest.h>
#include <torch/library.h>

#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/torch_trainer/plain_operators.hpp"
#include "tests/torch_trainer/small_plans.hpp"
#include "tokens/attention.hpp"

namespace cv::mixmim {
namespace {

constexpr double kExact = 1e-12;

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::kDouble).requires_grad_(true);
}

double largestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

using Pattern = std::shared_ptr<const AttentionPattern>;

/// The pattern as it is on a device.
Pattern indexed(const AttentionPattern& pattern) {
  auto copy = std::make_shared<AttentionPattern>(pattern);
  if (!pattern.biased()) return copy;
  IndexBlock block(at::kCPU);
  copy->index.emplace(pattern.sight, block);
  block.send();
  return copy;
}

at::Tensor copyOf(const at::Tensor& x) {
  return x.detach().clone().requires_grad_(true);
}

/// The same gradient goes back both ways.
void expectSameAnswers(const at::Tensor& got, const at::Tensor& wanted, uint64_t seed) {
  const at::Tensor gradient = random(got.sizes(), seed).detach();
  wanted.backward(gradient);
  got.backward(gradient);
  EXPECT_LT(largestDifference(got, wanted), kExact);
}

void expectAgreementInWindows(const Stage& stage, const Block& block, const Pattern& pattern, uint64_t seed,
                              const PlainOperators& operators) {
  const at::Tensor qkv = random({2, stage.tokens(), 3 * stage.dim}, seed), plainQkv = copyOf(qkv);
  const at::Tensor table =
      block.biased ? random({block.differences().area(), stage.heads}, seed + 9) : at::Tensor();
  const at::Tensor plainTable = block.biased ? copyOf(table) : table;
  expectSameAnswers(attendBySegments(qkv, stage.heads, indexed(*pattern), table, operators),
                    attendPlainly(plainQkv, stage.heads, *pattern, plainTable), seed + 20);
  EXPECT_LT(largestDifference(qkv.grad(), plainQkv.grad()), kExact);
  if (!block.biased) return;
  EXPECT_LT(largestDifference(table.grad(), plainTable.grad()), 100 * kExact);  // sums of thousands
}

void expectAgreementToReducedKeys(const Stage& stage, const Pattern& pattern, uint64_t seed,
                                  const PlainOperators& operators) {
  const Segment& last = pattern->sight.segments.back();
  const at::Tensor q = random({2, last.queryEnd, stage.dim}, seed),
                   kv = random({2, last.keyEnd, 2 * stage.dim}, seed + 9);
  const at::Tensor plainQ = copyOf(q), plainKv = copyOf(kv);
  expectSameAnswers(attendAcrossBySegments(q, kv, stage.heads, pattern, operators),
                    attendAcross(plainQ, plainKv, stage.heads, pattern), seed + 20);
  EXPECT_LT(largestDifference(q.grad(), plainQ.grad()), kExact);
  EXPECT_LT(largestDifference(kv.grad(), plainKv.grad()), 100 * kExact);  // sums over all queries
}

void expectAgreement(const Plan& plan, const cv::Mat& mask, bool groups, const PlainOperators& operators) {
  const std::vector<StageOrder> orders = stageOrders(plan, mask, at::kCPU, groups);
  for (size_t s = 0; s < plan.stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      SCOPED_TRACE(cv::format("%s, groups %d", block.name.c_str(), groups));
      const Pattern& pattern = orders[s].patternOf(block);
      if (block.meeting == Meeting::kReduced)
        expectAgreementToReducedKeys(plan.stages[s], pattern, s, operators);
      else
        expectAgreementInWindows(plan.stages[s], block, pattern, s, operators);
    }
}

class Segments : public ::testing::TestWithParam<const char*> {};

TEST_P(Segments, AgreeWithPlainAttentionInFloat64) {
  const bool whole = std::string(GetParam()) == "whole";
  const cv::Mat mask = whole ? cv::Mat() : maskOf(GetParam());
  PlainOperators operators;
  for (const bool groups : {true, false})
    for (const Family family : {Family::kMixMim, Family::kSwin, Family::kPvt, Family::kTwinsSvt}) {
      operators.beside = !operators.beside;  // gradients that need no copy, and others
      expectAgreement(smallPlan(family), mask, groups, operators);
    }
}

INSTANTIATE_TEST_SUITE_P(Masks, Segments, ::testing::Values("whole", "own", "partner", "checkers", "corner"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(SegmentAttention, OfSequencesWithoutWindowsIsOneSegment) {
  const PlainOperators operators;
  const at::Tensor qkv = random({2, 7, 48}, 1);
  const auto pattern = std::make_shared<const AttentionPattern>(everyoneSees(7, 7));
  EXPECT_LT(
      largestDifference(attendBySegments(qkv, 2, pattern, {}, operators), attendPlainly(qkv, 2, *pattern)),
      kExact);
  EXPECT_EQ(operators.forwards, 1);
}

TEST(SegmentAttention, AcrossSequencesOfDifferentLengths) {
  const PlainOperators operators;
  const auto pattern = std::make_shared<const AttentionPattern>(everyoneSees(5, 9));
  const at::Tensor q = random({2, 5, 32}, 1), kv = random({2, 9, 64}, 2),
                   gradient = random({2, 5, 32}, 3).detach();
  const at::Tensor plainQ = q.detach().clone().requires_grad_(true),
                   plainKv = kv.detach().clone().requires_grad_(true);
  const at::Tensor got = attendAcrossBySegments(q, kv, 2, pattern, operators),
                   wanted = attendAcross(plainQ, plainKv, 2);
  got.backward(gradient);
  wanted.backward(gradient);
  EXPECT_LT(largestDifference(got, wanted), kExact);
  EXPECT_LT(largestDifference(q.grad(), plainQ.grad()), kExact);
  EXPECT_LT(largestDifference(kv.grad(), plainKv.grad()), kExact);
}

/// LibTorch has this for Python alone.
at::Tensor shapeOfSelected(const at::Tensor& from, int64_t dim, const at::Tensor& index) {
  std::vector<int64_t> shape = from.sizes().vec();
  shape[static_cast<size_t>(dim)] = index.numel();
  return at::empty(shape, from.options());
}

void registerShapes() {
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
  static const torch::Library& once = library.impl("index_select", shapeOfSelected);
  (void)once;
}

/// The demands of LibTorch's kernels on their arguments, and the shapes that they give back, without a GPU.
class ShapesOfKernels final : public AttentionOperators {
 public:
  SegmentOutput forward(const SegmentInput& input) const override {
    const int64_t n = input.q.size(1), heads = input.q.size(2);
    for (const at::Tensor& x : {input.q, input.k, input.v}) {
      EXPECT_EQ(x.scalar_type(), at::kBFloat16);
      EXPECT_EQ(x.stride(3), 1);
      for (const int64_t place : {x.stride(0), x.stride(1), x.stride(2), x.storage_offset()})
        EXPECT_EQ(place % 8, 0) << "16 bytes";
    }
    if (input.bias.defined()) {
      EXPECT_EQ(input.bias.scalar_type(), at::kBFloat16);
      EXPECT_EQ(input.bias.sizes(), (std::vector<int64_t>{input.q.size(0), heads, n, input.k.size(1)}));
      EXPECT_EQ(input.bias.stride(0), 0);
      EXPECT_EQ(input.bias.stride(3), 1);
      for (const int64_t place : {input.bias.stride(1), input.bias.stride(2), input.bias.storage_offset()})
        EXPECT_EQ(place % 8, 0) << "16 bytes";
    }
    const at::Tensor none = at::empty({}, at::TensorOptions(at::kMeta).dtype(at::kLong));
    return {at::empty(input.q.sizes(), input.q.options()),
            at::empty({input.q.size(0), heads, (n + 31) / 32 * 32}, input.q.options().dtype(at::kFloat)),
            none, none};
  }

  SegmentGradient backward(const SegmentInput& input, const SegmentOutput& output,
                           const at::Tensor& outGradient) const override {
    EXPECT_EQ(output.out.sizes(), input.q.sizes());
    EXPECT_EQ(output.out.stride(1), input.q.size(2) * input.q.size(3));  // the kernel takes it for granted
    EXPECT_EQ(outGradient.stride(3), 1);
    const at::Tensor all =
        at::empty({input.q.size(0), input.q.size(1), 3, input.q.size(2), input.q.size(3)}, input.q.options());
    std::vector<int64_t> padded = input.bias.sizes().vec();
    padded.back() = (padded.back() + 15) / 16 * 16;
    return {all.select(2, 0), all.select(2, 1), all.select(2, 2),
            at::empty(padded, input.bias.options()).narrow(3, 0, input.bias.size(3))};
  }
};

struct OnMeta {
  OnMeta(const std::string& model, const cv::Mat& mask) {
    registerShapes();
    const Config config = resolve(Task::kPretrain, {{"model", model, ""}});
    plan = planOf(config.model);
    orders = stageOrders(plan, mask, at::kMeta);
  }
  at::Tensor attend(int64_t batch, size_t stage, const Block& block) {
    const Stage& own = plan.stages[stage];
    const at::TensorOptions meta(at::kMeta);
    qkv = at::empty({batch, own.tokens(), 3 * own.dim}, meta.dtype(at::kBFloat16)).requires_grad_(true);
    table = at::empty({block.differences().area(), own.heads}, meta.dtype(at::kFloat)).requires_grad_(true);
    return attendBySegments(qkv, own.heads, orders[stage].patternOf(block), table, kernels);
  }

  Plan plan;
  std::vector<StageOrder> orders;
  at::Tensor qkv, table;
  ShapesOfKernels kernels;
};

class Models : public ::testing::TestWithParam<const char*> {};

TEST_P(Models, FitTheKernelsOfAGpu) {
  cv::Mat mask = cv::Mat::zeros(7, 7, CV_8U);
  for (int i = 0; i < 49; i += 2) mask.at<uchar>(i / 7, i % 7) = 1;
  for (const cv::Mat& seen : {cv::Mat(), mask}) {
    OnMeta model(GetParam(), seen);
    for (size_t s = 0; s < model.plan.stages.size(); ++s)
      for (const Block& block : model.plan.stages[s].blocks) {
        SCOPED_TRACE(block.name);
        const at::Tensor out = model.attend(8, s, block);
        EXPECT_EQ(out.sizes(),
                  (std::vector<int64_t>{8, model.plan.stages[s].tokens(), model.plan.stages[s].dim}));
        out.backward(at::empty_like(out));
        EXPECT_EQ(model.qkv.grad().sizes(), model.qkv.sizes());
        EXPECT_EQ(model.table.grad().sizes(), model.table.sizes());
        EXPECT_EQ(model.table.grad().scalar_type(), at::kFloat);
        if (block.index > 2) break;  // a stage's blocks are alike
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Models, ::testing::Values("base", "large", "huge", "swin_t"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(SegmentAttention, RefusesABatchWhoseBiasGradientCannotBeCounted) {
  OnMeta model("base", {});
  const Block& block = model.plan.stages.front().blocks.front();
  model.attend(2581, 0, block);
  EXPECT_NO_THROW(model.attend(2581, 0, block));
  MIXMIM_EXPECT_ERROR(
      model.attend(20000, 0, block),
      "data.batch: expected at most 13168 images on a GPU with this model, got 20000; a smaller "
      "--data.batch with --optim.accumulate trains the same");
}

}  // namespace
}  // namespace cv::mixmim
