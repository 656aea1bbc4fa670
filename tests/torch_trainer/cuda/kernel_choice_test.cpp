// A training step by the own kernels, played on the host, is that by LibTorch's operators.
#include "cuda/kernel_choice.hpp"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <map>

#include "objectives/objective.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/torch_trainer/cuda/host_driver.hpp"
#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim {
namespace {

struct Step {
  double loss;
  std::vector<at::Tensor> gradients;
};

Config config() {
  return test::tinyConfig(Task::kPretrain, {{"model.imageSize", "32", ""}});
}

/// Forward and, in bfloat16, back: with a coroutine for every thread of a kernel, a step takes seconds.
Step stepOf(at::ScalarType compute) {
  const bool goesBack = compute == at::kBFloat16;
  const at::AutoGradMode mode(goesBack);
  const Config settings = config();
  const Weights weights(settings.model, settings.run.task, 3, at::kCPU, compute);
  const Encoder encoder(weights, settings.model);
  Transfer transfer(at::kCPU);
  const std::unique_ptr<Objective> objective = makeObjective(settings, weights, encoder, transfer);
  const Batch batch = test::mixed(test::pictures(settings, 2), test::randomMask(settings, 1));
  const at::Tensor loss = objective->loss(batch);
  if (goesBack) loss.backward();
  Step step{loss.item<double>(), {}};
  for (const Parameter& parameter : weights.list())
    if (weights.at(parameter.name).grad().defined())
      step.gradients.push_back(weights.at(parameter.name).grad());
  return step;
}

/// Aside of HostKernels, which ends with the test.
std::shared_ptr<const OwnKernels> shared(const HostKernels& kernels) {
  return {std::shared_ptr<void>(), &*kernels};
}

/// Two norms and a GELU for every block; more norms behind embedding, mergings, encoder and decoder.
void expectAllLayers(const ModelConfig& model) {
  std::map<std::string, int> counts;
  for (const RecordedLaunch& launch : hostDevice().launches) ++counts[launch.kernel];
  int blocks = model.decoderDepth;
  for (const int depth : model.depths) blocks += depth;
  const int norms = 2 * blocks + static_cast<int>(model.depths.size()) + 2;
  EXPECT_EQ(counts["mixmimAddAndNormalise"], norms);
  EXPECT_EQ(counts["mixmimNormaliseBackward"], norms);
  EXPECT_EQ(counts["mixmimGelu"], blocks);
  EXPECT_EQ(counts["mixmimGeluBackward"], blocks);
}

TEST(GpuKernelChoice, ChangesALossByRoundingOnly) {
  const Step plain = stepOf(at::kFloat);
  const HostKernels kernels({at::kFloat, at::kFloat});
  const KernelChoice choice(at::kCPU, shared(kernels));
  EXPECT_NEAR(stepOf(at::kFloat).loss, plain.loss, 1e-6 * plain.loss);
}

TEST(GpuKernelChoice, ChangesGradientsByRoundingOnly) {
  constexpr double kOfBfloat16 = 2e-2;
  const Step plain = stepOf(at::kBFloat16);
  const HostKernels kernels({at::kFloat, at::kBFloat16});
  const KernelChoice choice(at::kCPU, shared(kernels));
  const Step own = stepOf(at::kBFloat16);
  expectAllLayers(config().model);
  EXPECT_NEAR(own.loss, plain.loss, 1e-3 * plain.loss);
  ASSERT_EQ(own.gradients.size(), plain.gradients.size());
  for (size_t i = 0; i < own.gradients.size(); ++i)
    EXPECT_LE((own.gradients[i] - plain.gradients[i]).norm().item<double>(),
              kOfBfloat16 * plain.gradients[i].norm().item<double>() + 1e-9)
        << i;
}

TEST(GpuKernelChoice, IsOneForADevice) {
  const HostKernels kernels({at::kFloat, at::kFloat});
  EXPECT_EQ(ownKernelsFor(at::ones({1})), nullptr);
  {
    const KernelChoice first(at::kCPU, shared(kernels)), second(at::kCPU, shared(kernels));
    EXPECT_EQ(ownKernelsFor(at::ones({1})), &*kernels);
    MIXMIM_EXPECT_ERROR(
        KernelChoice(at::kCPU, nullptr),
        "run.gpuKernels: expected the same for all trainers of a process on cpu, got own and libtorch");
  }
  EXPECT_EQ(ownKernelsFor(at::ones({1})), nullptr);
  const KernelChoice plain(at::kCPU, nullptr);
  EXPECT_EQ(ownKernelsFor(at::ones({1})), nullptr);
}

TEST(GpuKernelChoice, NeedsAGpu) {
  MIXMIM_EXPECT_ERROR(
      ownKernelsOn(at::kCPU, at::kFloat),
      "run.gpuKernels: expected --device cuda for own kernels, got cpu; use --run.gpuKernels libtorch");
}

}  // namespace
}  // namespace cv::mixmim
