#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expect_error.hpp"
#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim::test {
namespace {

bool equal(const TensorMap& a, const TensorMap& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || tensor.shape != other->second.shape) return false;
    if (std::memcmp(tensor.bytes.data, other->second.bytes.data, tensor.bytes.total()) != 0) return false;
  }
  return true;
}

TensorMap copyOf(const TensorMap& map) {
  TensorMap copy;
  for (const auto& [name, tensor] : map) copy[name] = {tensor.dtype, tensor.shape, tensor.bytes.clone()};
  return copy;
}

Batch batchOf(const Config& config, int64_t step) {
  Batch batch = pictures(config, 4);
  if (config.run.task == Task::kPretrain)
    batch = mixed(batch, randomMask(config, static_cast<uint64_t>(step)));
  batch.mixture = {0.7f, step % 2 ? cv::Rect(8, 8, 20, 16) : cv::Rect()};
  batch.step = step;
  batch.epoch = static_cast<double>(step) / 4;
  return batch;
}

class Tasks : public ::testing::TestWithParam<Task> {};

TEST_P(Tasks, ContinuesBitForBitFromItsState) {
  const Config config =
      tinyConfig(GetParam(), {{"model.dropPath", "0.3", ""}, {"optim.warmupEpochs", "1", ""}});
  const auto whole = createTrainer(config), first = createTrainer(config), second = createTrainer(config);
  for (int64_t step = 0; step < 6; ++step) whole->step(batchOf(config, step));
  for (int64_t step = 0; step < 3; ++step) first->step(batchOf(config, step));
  const TrainerState state = first->state();
  second->restore({copyOf(state.weights), copyOf(state.optimizer)});
  for (int64_t step = 3; step < 6; ++step) second->step(batchOf(config, step));
  EXPECT_TRUE(equal(whole->state().weights, second->state().weights));
  EXPECT_TRUE(equal(whole->state().optimizer, second->state().optimizer));
  EXPECT_FALSE(equal(whole->state().weights, first->state().weights));
}

TEST_P(Tasks, SkipsANonFiniteStepWithoutTouchingAnything) {
  const Config config = tinyConfig(GetParam());
  const auto trainer = createTrainer(config);
  trainer->step(batchOf(config, 0));
  TensorMap weights = copyOf(trainer->state().weights);
  weights.at("norm.weight").as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  const TensorMap moments = copyOf(trainer->state().optimizer);
  trainer->restore({copyOf(weights), copyOf(moments)});
  const StepReport report = trainer->step(batchOf(config, 1));
  EXPECT_TRUE(report.skipped);
  EXPECT_TRUE(equal(trainer->state().weights, weights));
  EXPECT_TRUE(equal(trainer->state().optimizer, moments));
}

INSTANTIATE_TEST_SUITE_P(Both, Tasks, ::testing::Values(Task::kPretrain, Task::kFinetune),
                         [](const auto& instance) {
                           return instance.param == Task::kPretrain ? "Pretrain" : "Finetune";
                         });

TEST(Trainer, FineTuningStartsFromPretrainedWeightsOfAnotherSize) {
  const Config small = tinyConfig(Task::kPretrain), large = tinyConfig(Task::kFinetune, {{"size", "96", ""}});
  const auto pretrained = createTrainer(small), finetuned = createTrainer(large);
  const LoadReport report = finetuned->initialise(pretrained->state().weights);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_NE(std::find(report.resized.begin(), report.resized.end(), "absolute_pos_embed"),
            report.resized.end());
  EXPECT_NE(std::find(report.unused.begin(), report.unused.end(), "mask_token"), report.unused.end());
  const std::string name = "layers.2.blocks.1.mlp.fc2.weight";
  const TensorMap from = pretrained->state().weights, to = finetuned->state().weights;
  EXPECT_EQ(std::memcmp(from.at(name).bytes.data, to.at(name).bytes.data, from.at(name).bytes.total()), 0);
}

TEST(Trainer, ClippingBoundsTheUpdateAndReportsTheUnclippedNorm) {
  const Config plain = tinyConfig(Task::kPretrain),
               clipped = tinyConfig(Task::kPretrain, {{"optim.clipNorm", "1e-3", ""}});
  const StepReport a = createTrainer(plain)->step(batchOf(plain, 1)),
                   b = createTrainer(clipped)->step(batchOf(clipped, 1));
  EXPECT_GT(a.gradNorm, 1e-3);
  EXPECT_EQ(a.gradNorm, b.gradNorm);
}

TEST(Trainer, SaysWhatItCannotDo) {
  const Config pretrain = tinyConfig(Task::kPretrain), finetune = tinyConfig(Task::kFinetune);
  const auto trainer = createTrainer(pretrain);
  MIXMIM_EXPECT_ERROR(trainer->logits(batchOf(pretrain, 0)),
                      "Trainer::logits: a pretraining model has no classes");
  Batch batch = batchOf(pretrain, 0);
  batch.mask.release();
  MIXMIM_EXPECT_ERROR(trainer->step(batch), "Trainer::step: expected a mask of 4 x 4 bytes, got [0 x 0]");
  batch = batchOf(pretrain, 0);
  batch.count = 3;
  MIXMIM_EXPECT_ERROR(trainer->step(batch), "Trainer::step: expected a full batch of 4, got 3");
  batch = batchOf(finetune, 0);
  batch.labels.at<int>(2) = 8;
  MIXMIM_EXPECT_ERROR(createTrainer(finetune)->step(batch),
                      "Trainer::step: expected labels 0 to 7, got 8 at image 2");
  TrainerState state = trainer->state();
  state.weights.erase("norm.bias");
  state.weights.at("norm.weight").shape = {3};
  MIXMIM_EXPECT_ERROR(
      trainer->restore(state),
      "weights: do not fit this model: missing norm.bias norm.weight is [3] instead of [256]");
}

TEST(Trainer, NamesADeviceThatIsNotThere) {
  MIXMIM_EXPECT_ERROR(
      createTrainer(tinyConfig(Task::kPretrain, {{"device", "gpu", ""}})),
      "run.device: expected cpu, cuda or cuda:N, got 'gpu' (0 CUDA devices are there); use --device cpu, "
      "or a LibTorch with CUDA (MIXMIM_TORCH_ROOT)");
}

}  // namespace
}  // namespace cv::mixmim::test
