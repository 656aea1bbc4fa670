// The one rule of mixtures, for every family of encoders: a mixture is two images that do not see each other.
#include "network/encoder.hpp"

#include <gtest/gtest.h>

#include "compute/patches.hpp"
#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim {
namespace {

ModelConfig modelOf(Family family) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = {96, 96};
  model.patchSize = 2;
  model.embedDim = 16;
  model.headDim = 16;
  model.depths = {2, 2, 2};  // a stride of 8: 12 x 12 cells
  return model;
}

class Families : public ::testing::TestWithParam<Family> {};

TEST_P(Families, NoBitOfAGroupDependsOnTheOther) {
  const at::NoGradGuard noGrad;
  Config config;
  config.model = modelOf(GetParam());
  const Weights weights(config.model, Task::kPretrain, 3, at::kCPU);
  const Encoder encoder(weights, config.model);
  const Plan& plan = encoder.plan();
  const cv::Mat mask = test::randomMask(config, 5);
  const std::vector<StageOrder> orders = stageOrders(plan, mask, at::kCPU);
  const at::Tensor partner = at::from_blob(mask.data, {1, plan.cellCount(), 1}, at::kByte).to(at::kBool);
  const auto random = [&](uint64_t seed) {
    return at::randn({2, 96, 96, 3}, at::make_generator<at::CPUGeneratorImpl>(seed));
  };
  const at::Tensor before = random(1), other = random(2);
  const at::Tensor replaced =
      unpatchify(at::where(partner, patchify(other, plan.stride), patchify(before, plan.stride)), plan.stride,
                 plan.cells);
  const at::Tensor answer = encoder.forward(before, orders, nullptr),
                   changed = encoder.forward(replaced, orders, nullptr);
  const at::Tensor same = (answer == changed).all(-1, /*keepdim=*/true);  // 2 x cells x 1
  EXPECT_TRUE(same.logical_or(partner).all().item<bool>()) << "the image's own tokens have changed";
  EXPECT_FALSE(same.logical_and(partner).any().item<bool>()) << "the partner's tokens have not changed";
}

/// A mask of one value is one group, whoever's it is: the encoding of whole images.
TEST_P(Families, AnEmptyGroupHasNoTokens) {
  const at::NoGradGuard noGrad;
  const ModelConfig model = modelOf(GetParam());
  const Weights weights(model, Task::kPretrain, 3, at::kCPU);
  const Encoder encoder(weights, model);
  const at::Tensor images = at::randn({1, 96, 96, 3}, at::make_generator<at::CPUGeneratorImpl>(1));
  const at::Tensor whole = encoder.forward(images);
  for (const int value : {0, 1}) {
    const cv::Mat mask(encoder.plan().cells, CV_8U, cv::Scalar(value));
    EXPECT_TRUE(whole.equal(encoder.forward(images, stageOrders(encoder.plan(), mask, at::kCPU), nullptr)))
        << value;
  }
}

/// Products may be rounded to bfloat16; the sum that passes through the blocks is not.
TEST_P(Families, TheResidualStreamIsFloat32) {
  const at::NoGradGuard noGrad;
  const ModelConfig model = modelOf(GetParam());
  const Weights weights(model, Task::kPretrain, 3, at::kCPU, at::kBFloat16);
  const Encoder encoder(weights, model);
  int seen = 0;
  encoder.forward(at::randn({1, 96, 96, 3}), nullptr, [&](const std::string& name, const at::Tensor& value) {
    if (name.rfind("stage", 0) != 0) return;
    EXPECT_EQ(value.scalar_type(), at::kFloat) << name;
    ++seen;
  });
  EXPECT_EQ(seen, 6);  // blocks and what follows them, of three stages
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::Values(Family::kMixMim, Family::kSwin),
                         [](const auto& instance) {
                           return instance.param == Family::kSwin ? "Swin" : "MixMim";
                         });

}  // namespace
}  // namespace cv::mixmim
