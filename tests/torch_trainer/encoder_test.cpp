// The encoders: the one rule of mixtures, which is that a mixture is two images that do not see each other;
// the plain forward pass; gradients of the kernels and of plain operators.
#include "network/encoder.hpp"

#include <gtest/gtest.h>

#include "compute/patches.hpp"
#include "compute/transfer.hpp"
#include "model/reference_forward.hpp"
#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim {
namespace {

/// Three stages of which the last has a token per cell, 8 px wide.
ModelConfig modelOf(Family family, cv::Size image = {96, 96}) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = image;
  model.patchSize = 2;
  model.embedDim = 16;
  model.headDim = 16;
  model.depths = {2, 2, 2};
  return model;
}

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// Weights of which none is zero or one, because a wrong bias or norm would not show.
Weights shakenWeights(const ModelConfig& model, Task task, at::ScalarType compute = at::kFloat) {
  Weights weights(model, task, 3, at::kCPU, compute);
  const at::NoGradGuard noGrad;
  uint64_t seed = 100;
  for (const Parameter& parameter : weights.list())
    weights.at(parameter.name).add_(random(parameter.shape, ++seed), 0.05);
  weights.refreshRounded();
  return weights;
}

std::vector<std::pair<std::string, at::Tensor>> gradientsOf(const Weights& weights) {
  std::vector<std::pair<std::string, at::Tensor>> gradients;
  for (const Parameter& parameter : weights.list()) {
    const at::Tensor& gradient = weights.at(parameter.name).grad();
    if (gradient.defined()) gradients.emplace_back(parameter.name, gradient.clone());
  }
  return gradients;
}

void dropGradients(const Weights& weights) {
  for (const Parameter& parameter : weights.list()) weights.at(parameter.name).mutable_grad().reset();
}

class Families : public ::testing::TestWithParam<Family> {};

/// A mask of cells by name.
cv::Mat maskOf(const std::string& name, const Config& config) {
  if (name == "half") return test::randomMask(config, 5);
  cv::Mat mask = cv::Mat::zeros(cellsOf(config.model), CV_8U);
  if (name == "corner") mask.at<uchar>(mask.rows - 1, 0) = 1;
  if (name == "stripes")
    for (int x = 1; x < mask.cols; x += 2) mask.col(x).setTo(1);
  return mask;
}

TEST_P(Families, NoBitOfAGroupDependsOnTheOther) {
  Config config;
  config.model = modelOf(GetParam());
  const Weights weights = shakenWeights(config.model, Task::kPretrain);
  const Encoder encoder(weights, config.model);
  const Plan& plan = encoder.plan();
  for (const char* name : {"half", "corner", "stripes"}) {
    SCOPED_TRACE(name);
    const cv::Mat mask = maskOf(name, config);
    const std::vector<StageOrder> orders = stageOrders(plan, mask, at::kCPU);
    const at::Tensor partner = at::from_blob(mask.data, {1, plan.cellCount(), 1}, at::kByte).to(at::kBool);
    const at::Tensor before = random({2, 96, 96, 3}, 1), other = random({2, 96, 96, 3}, 2);
    const at::Tensor replaced =
        unpatchify(at::where(partner, patchify(other, plan.stride), patchify(before, plan.stride)),
                   plan.stride, plan.cells);
    const at::Tensor wanted = random({2, plan.cellCount(), plan.featureDim()}, 9).masked_fill(partner, 0);
    const auto learned = [&](const at::Tensor& images) {  // from the image's own tokens
      dropGradients(weights);
      const at::Tensor tokens = encoder.forward(images, orders, nullptr);
      tokens.backward(wanted);
      return std::pair{tokens.detach(), gradientsOf(weights)};
    };
    const auto answer = learned(before), changed = learned(replaced);
    const at::Tensor same = (answer.first == changed.first).all(-1, /*keepdim=*/true);  // 2 x cells x 1
    EXPECT_TRUE(same.logical_or(partner).all().item<bool>()) << "the image's own tokens have changed";
    EXPECT_FALSE(same.logical_and(partner).any().item<bool>()) << "the partner's tokens have not changed";
    for (size_t i = 0; i < answer.second.size(); ++i)
      EXPECT_TRUE(answer.second[i].second.equal(changed.second[i].second)) << answer.second[i].first;
  }
}

/// A mask of one value is one group, whoever's it is: the encoding of whole images.
TEST_P(Families, AnEmptyGroupHasNoTokens) {
  const at::NoGradGuard noGrad;
  const ModelConfig model = modelOf(GetParam());
  const Weights weights(model, Task::kPretrain, 3, at::kCPU);
  const Encoder encoder(weights, model);
  const at::Tensor images = random({1, 96, 96, 3}, 1);
  const at::Tensor whole = encoder.forward(images);
  for (const int value : {0, 1}) {
    const cv::Mat mask(encoder.plan().cells, CV_8U, cv::Scalar(value));
    EXPECT_TRUE(whole.equal(encoder.forward(images, stageOrders(encoder.plan(), mask, at::kCPU), nullptr)))
        << value;
  }
}

/// The ablation: a mixture is seen as one image.
TEST_P(Families, WithoutGroupsAMixtureIsAWholeImage) {
  const at::NoGradGuard noGrad;
  Config config;
  config.model = modelOf(GetParam());
  const Weights weights(config.model, Task::kPretrain, 3, at::kCPU);
  const Encoder encoder(weights, config.model);
  const at::Tensor images = random({2, 96, 96, 3}, 1), whole = encoder.forward(images);
  const std::vector<StageOrder> orders =
      stageOrders(encoder.plan(), maskOf("half", config), at::kCPU, /*groups=*/false);
  EXPECT_LT((whole - encoder.forward(images, orders, nullptr)).abs().max().item<double>(), 1e-4);
}

/// The plain forward pass of model/reference_forward.hpp, also of pictures that are not square.
TEST_P(Families, FeaturesAreThoseOfThePlainForwardPass) {
  const at::NoGradGuard noGrad;
  ModelConfig model = modelOf(GetParam(), {96, 64});
  model.classes = 5;
  const Weights weights = shakenWeights(model, Task::kFinetune);
  const Encoder encoder(weights, model);
  const Linear head(weights, "head");
  const at::Tensor planes = random({2, 3, 64, 96}, 1);
  const cv::Mat logits = matOf(head(encoder.features(planes.permute({0, 2, 3, 1}).contiguous())));
  const int shape[] = {2, 3, 64, 96};
  const cv::Mat images(4, shape, CV_32F, planes.data_ptr());
  cv::Mat wanted;
  referenceForward(weights.toMap(), model, images).convertTo(wanted, CV_32F);
  EXPECT_LT(cv::norm(logits.reshape(1, 2), wanted, cv::NORM_INF),
            2e-5 * (1 + cv::norm(wanted, cv::NORM_INF)));
}

/// Products in float64 leave every kernel of float32 out: attention, convolutions and gathers are then
/// operators of LibTorch with its own gradients.
TEST_P(Families, GradientsAreThoseOfPlainOperators) {
  Config config;
  config.model = modelOf(GetParam());
  const auto gradients = [&](at::ScalarType compute) {
    const Weights weights = shakenWeights(config.model, Task::kPretrain, compute);
    const Encoder encoder(weights, config.model);
    const std::vector<StageOrder> orders = stageOrders(encoder.plan(), maskOf("half", config), at::kCPU);
    const at::Tensor tokens = encoder.forward(random({2, 96, 96, 3}, 1), orders, nullptr);
    tokens.backward(random(tokens.sizes(), 2).to(tokens.scalar_type()));
    return gradientsOf(weights);
  };
  const auto got = gradients(at::kFloat), wanted = gradients(at::kDouble);
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const at::Tensor exact = wanted[i].second.to(at::kDouble);
    const double length = exact.norm().item<double>();
    EXPECT_LT((got[i].second.to(at::kDouble) - exact).norm().item<double>(), 2e-5 * (length + 1))
        << got[i].first;
  }
}

/// Blocks are dropped by (seed, step) and nothing else, and an image by itself.
TEST_P(Families, StochasticDepthFollowsItsKey) {
  const at::NoGradGuard noGrad;
  ModelConfig model = modelOf(GetParam());
  model.dropPath = 0.5;
  const Weights weights = shakenWeights(model, Task::kFinetune);
  const Encoder encoder(weights, model);
  const at::Tensor images = random({8, 96, 96, 3}, 1), kept = encoder.features(images);
  const auto dropped = [&](uint64_t seed, int64_t step) {
    DropPath drop(seed, step);
    return encoder.features(images, &drop);
  };
  const at::Tensor first = dropped(1, 1);
  EXPECT_TRUE(first.equal(dropped(1, 1)));
  EXPECT_FALSE(first.equal(dropped(1, 2)));
  EXPECT_FALSE(first.equal(dropped(2, 1)));
  EXPECT_FALSE((first == kept).all(-1).all().item<bool>());
}

/// Products may be rounded to bfloat16; the sum that passes through the blocks is not.
TEST_P(Families, TheResidualStreamIsFloat32) {
  const at::NoGradGuard noGrad;
  const ModelConfig model = modelOf(GetParam());
  const Weights weights(model, Task::kPretrain, 3, at::kCPU, at::kBFloat16);
  const Encoder encoder(weights, model);
  int seen = 0;
  encoder.forward(random({1, 96, 96, 3}, 1), nullptr, [&](const std::string& name, const at::Tensor& value) {
    if (name.find(".blocks") == std::string::npos) return;
    EXPECT_EQ(value.scalar_type(), at::kFloat) << name;
    ++seen;
  });
  EXPECT_EQ(seen, 3);
}

std::string nameOf(const ::testing::TestParamInfo<Family>& instance) {
  const char* const names[] = {"MixMim", "Swin", "Pvt", "Svt", "Pcpvt", "PvtV2"};
  return names[static_cast<int>(instance.param)];
}

INSTANTIATE_TEST_SUITE_P(All, Families,
                         ::testing::Values(Family::kMixMim, Family::kSwin, Family::kPvt, Family::kTwinsSvt,
                                           Family::kTwinsPcpvt, Family::kPvtV2),
                         nameOf);

}  // namespace
}  // namespace cv::mixmim
