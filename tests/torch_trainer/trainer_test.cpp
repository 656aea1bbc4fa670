#include <dlfcn.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expect_error.hpp"
#include "tests/support/signal_storm.hpp"
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
  batch.mixing.mixture = {0.7f, step % 2 ? cv::Rect(8, 8, 20, 16) : cv::Rect()};
  batch.step = step;
  batch.epoch = static_cast<double>(step) / 4;
  return batch;
}

/// Three steps, a new trainer, three more, against six in one go.
void expectSameAfterRestoring(const Config& config) {
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

class Tasks : public ::testing::TestWithParam<Task> {};

TEST_P(Tasks, ContinuesBitForBitFromItsState) {
  for (const char* ema : {"0", "0.9"})
    expectSameAfterRestoring(
        tinyConfig(GetParam(),
                   {{"model.dropPath", "0.3", ""}, {"optim.warmupEpochs", "1", ""}, {"optim.ema", ema, ""}}));
}

TEST_P(Tasks, SignalsOfTheHostDoNoHarm) {
  const Config config = tinyConfig(GetParam(), {{"threads", "1", ""}});
  const auto calm = createTrainer(config), disturbed = createTrainer(config);
  const SignalStorm storm;
  int64_t step = 0;
  for (; step < 40 || SignalStorm::handled() < 40; ++step) disturbed->step(batchOf(config, step));
  EXPECT_EQ(SignalStorm::astray(), 0);
  for (int64_t again = 0; again < step; ++again) calm->step(batchOf(config, again));
  EXPECT_TRUE(equal(calm->state().weights, disturbed->state().weights));
}

TEST_P(Tasks, SkipsANonFiniteStepWithoutTouchingAnything) {
  const Config config = tinyConfig(GetParam());
  const auto trainer = createTrainer(config);
  trainer->step(batchOf(config, 0));
  TensorMap weights = copyOf(trainer->state().weights);
  weights.at("norm.weight").as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  const TensorMap moments = copyOf(trainer->state().optimizer);
  trainer->restore({copyOf(weights), copyOf(moments)});
  const StepReport report = trainer->step(batchOf(config, 1)).value();
  EXPECT_TRUE(report.skipped);
  EXPECT_TRUE(equal(trainer->state().weights, weights));
  EXPECT_TRUE(equal(trainer->state().optimizer, moments));
}

/// The weights as trained are as large as numbers get, so that the loss is not finite; the averages are not.
TEST_P(Tasks, ASkippedStepDoesNotMoveTheAverages) {
  const Config config = tinyConfig(GetParam(), {{"optim.ema", "0.9", ""}});
  const auto trainer = createTrainer(config);
  trainer->step(batchOf(config, 0));
  const TensorMap averages = copyOf(trainer->state().weights);
  TensorMap optimizer = copyOf(trainer->state().optimizer);
  optimizer.at("norm.weight.trained").as<float>()[0] = std::numeric_limits<float>::max();
  trainer->restore({copyOf(averages), copyOf(optimizer)});
  EXPECT_TRUE(trainer->step(batchOf(config, 1))->skipped);
  EXPECT_TRUE(equal(trainer->state().weights, averages));
  EXPECT_TRUE(equal(trainer->state().optimizer, optimizer));
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

/// Learned positions and a class token too.
TEST(Trainer, FineTuningOfPvtStartsFromPretrainedWeightsOfAnotherSize) {
  const Setting pvt{"model.encoder", "pvt", ""};
  const auto pretrained = createTrainer(tinyConfig(Task::kPretrain, {pvt})),
             finetuned = createTrainer(tinyConfig(Task::kFinetune, {pvt, {"size", "96", ""}}));
  const LoadReport report = finetuned->initialise(pretrained->state().weights);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_EQ(report.resized,
            (std::vector<std::string>{"pos_embed1", "pos_embed2", "pos_embed3", "pos_embed4"}));
  const TensorMap from = pretrained->state().weights, to = finetuned->state().weights;
  const size_t row = from.at("cls_token").bytes.total();
  for (const char* name : {"cls_token", "pos_embed4"})  // the class token's row is the first
    EXPECT_EQ(std::memcmp(from.at(name).bytes.data, to.at(name).bytes.data, row), 0) << name;
}

/// The encoder keeps every bit, the head learns, and only the head has moments to keep.
TEST(Trainer, AFrozenEncoderStaysAsItIs) {
  const Config config =
      tinyConfig(Task::kFinetune, {{"optim.freeze", "true", ""}, {"model.dropPath", "0.3", ""}});
  const auto trainer = createTrainer(config);
  const TensorMap before = copyOf(trainer->state().weights);
  for (int64_t step = 0; step < 3; ++step) trainer->step(batchOf(config, step));
  const TrainerState state = trainer->state();
  for (const auto& [name, tensor] : state.weights) {
    const bool same = std::memcmp(tensor.bytes.data, before.at(name).bytes.data, tensor.bytes.total()) == 0;
    EXPECT_EQ(same, name.rfind("head.", 0) != 0) << name;
  }
  std::vector<std::string> kept;
  for (const auto& entry : state.optimizer) kept.push_back(entry.first);
  EXPECT_EQ(kept, (std::vector<std::string>{"head.bias.exp_avg", "head.bias.exp_avg_sq",
                                            "head.weight.exp_avg", "head.weight.exp_avg_sq", "step"}));
  expectSameAfterRestoring(config);
}

TEST(Trainer, ClippingBoundsTheUpdateAndReportsTheUnclippedNorm) {
  const Config plain = tinyConfig(Task::kPretrain),
               clipped = tinyConfig(Task::kPretrain, {{"optim.clipNorm", "1e-3", ""}});
  const StepReport a = createTrainer(plain)->step(batchOf(plain, 1)).value(),
                   b = createTrainer(clipped)->step(batchOf(clipped, 1)).value();
  EXPECT_GT(a.gradNorm, 1e-3);
  EXPECT_EQ(a.gradNorm, b.gradNorm);
}

void expectAveragesToBeEvaluated(const char* precision) {
  const auto configWith = [&](const char* ema) {
    return tinyConfig(Task::kFinetune, {{"model", "small", ""},
                                        {"size", "32", ""},
                                        {"optim.ema", ema, ""},
                                        {"run.precision", precision, ""}});
  };
  const Config config = configWith("0.75");
  const auto trainer = createTrainer(config);
  const std::string name = "layers.2.blocks.0.attn.qkv.weight";
  const Tensor before = copyOf(trainer->state().weights).at(name);
  trainer->step(batchOf(config, 0));
  const TrainerState state = trainer->state();
  const float *average = state.weights.at(name).as<float>(),
              *trained = state.optimizer.at(name + ".trained").as<float>(), *first = before.as<float>();
  for (int64_t i = 0; i < before.elements(); ++i)
    ASSERT_NEAR(average[i], 0.75f * first[i] + 0.25f * trained[i], 1e-7f) << i;
  const auto evaluated = createTrainer(configWith("0"));
  evaluated->restore({copyOf(state.weights), {}});
  EXPECT_EQ(cv::norm(trainer->answers(batchOf(config, 0)).scores,
                     evaluated->answers(batchOf(config, 0)).scores, cv::NORM_INF),
            0);
  const auto resumed = createTrainer(config);
  resumed->restore({copyOf(state.weights), copyOf(state.optimizer)});
  EXPECT_EQ(resumed->step(batchOf(config, 1))->loss, trainer->step(batchOf(config, 1))->loss);
}

/// In bfloat16 layers keep rounded copies of the weights, which must be those of the averages meanwhile.
TEST(Trainer, AveragedWeightsAreStoredAndEvaluated) {
  for (const char* precision : {"float32", "bfloat16"}) expectAveragesToBeEvaluated(precision);
}

TEST(Trainer, PartsOfAStepAverageTheirGradients) {
  const Config config = tinyConfig(Task::kFinetune);
  Batch all = pictures(config, 8);
  const auto whole = createTrainer(config), inParts = createTrainer(config);
  const StepReport expected = whole->step(all).value();
  std::optional<StepReport> got;
  for (int part = 0; part < 2; ++part) {
    Batch half = pictures(config, 4);
    std::memcpy(half.images.data, all.images.ptr(4 * part), half.images.total());
    all.classTargets.rowRange(4 * part, 4 * part + 4).copyTo(half.classTargets);
    half.accumulation = {part, 2, 2};
    got = inParts->step(half);
  }
  EXPECT_NEAR(got->loss, expected.loss, 1e-5);
  EXPECT_NEAR(got->gradNorm, expected.gradNorm, 1e-4 * expected.gradNorm);
  const TensorMap wanted = whole->state().optimizer, halves = inParts->state().optimizer;
  for (const auto& [name, tensor] : wanted) {
    if (name.find(".exp_avg") == std::string::npos || name.find("_sq") != std::string::npos) continue;
    const cv::Mat a(1, static_cast<int>(tensor.elements()), CV_32F, tensor.bytes.data),
        b(1, static_cast<int>(tensor.elements()), CV_32F, halves.at(name).bytes.data);
    EXPECT_LE(cv::norm(a, b, cv::NORM_INF), 1e-4 * cv::norm(a, cv::NORM_INF) + 1e-9) << name;
  }
}

TEST(Trainer, AblationsChangeWhatIsLearned) {
  const auto lossWith = [](const char* option) {
    std::vector<Setting> settings;
    if (*option) settings.push_back({option, "false", ""});
    const Config config = tinyConfig(Task::kPretrain, settings);
    return createTrainer(config)->step(batchOf(config, 1))->loss;
  };
  const double usual = lossWith("");
  for (const char* option : {"mix.groupAttention", "mix.bothImages", "model.normPixLoss"}) {
    const double loss = lossWith(option);
    EXPECT_TRUE(std::isfinite(loss)) << option;
    EXPECT_NE(loss, usual) << option;
  }
}

TEST_P(Tasks, TakesPicturesThatAreNotSquare) {
  const Config config = tinyConfig(GetParam(), {{"size", "32x64", ""}});
  const auto trainer = createTrainer(config);
  const double first = trainer->step(batchOf(config, 0))->loss;
  double last = first;
  for (int step = 1; step < 20; ++step) last = trainer->step(batchOf(config, 0))->loss;
  EXPECT_LT(last, first);
  const cv::Mat pictures = trainer->answers(batchOf(config, 0)).pictures;
  const std::vector<int> shape(pictures.size.p, pictures.size.p + pictures.dims);
  if (GetParam() == Task::kPretrain) {
    EXPECT_EQ(shape, (std::vector<int>{4, 32, 64, 3}));
  }
}

TEST_P(Tasks, LearnsInBFloat16AsInFloat32) {
  const auto losses = [](Task task, const char* precision) {
    const Config config = tinyConfig(task, {{"run.precision", precision, ""}, {"optim.lr", "1e-3", ""}});
    const auto trainer = createTrainer(config);
    std::vector<double> all;
    for (int i = 0; i < 8; ++i) all.push_back(trainer->step(batchOf(config, 0))->loss);
    for (const auto& [name, tensor] : trainer->state().weights) EXPECT_EQ(tensor.dtype, DType::kF32) << name;
    return all;
  };
  const std::vector<double> exact = losses(GetParam(), "float32"), rounded = losses(GetParam(), "bfloat16");
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(rounded[i], exact[i], 0.05 * exact[i]) << i;
  EXPECT_NE(rounded, exact);
  EXPECT_LT(rounded.back(), rounded.front());
}

TEST(Trainer, SaysWhatItCannotDo) {
  const Config pretrain = tinyConfig(Task::kPretrain), finetune = tinyConfig(Task::kFinetune);
  const auto trainer = createTrainer(pretrain);
  Batch batch = batchOf(pretrain, 0);
  batch.mixing.mask.release();
  MIXMIM_EXPECT_ERROR(trainer->answers(batch),
                      "Trainer::answers: expected a mask of 4 x 4 bytes, got [0 x 0]");
  MIXMIM_EXPECT_ERROR(trainer->step(batch), "Trainer::step: expected a mask of 4 x 4 bytes, got [0 x 0]");
  batch = batchOf(pretrain, 0);
  batch.count = 3;
  MIXMIM_EXPECT_ERROR(trainer->step(batch), "Trainer::step: expected a full batch of 4, got 3");
  batch = batchOf(finetune, 0);
  batch.classTargets.at<int>(2) = 8;
  MIXMIM_EXPECT_ERROR(createTrainer(finetune)->step(batch),
                      "Trainer::step: expected labels 0 to 7, got 8 at image 2");
  batch = batchOf(finetune, 0);
  batch.classWeights = cv::Mat::ones(1, 7, CV_32F);
  MIXMIM_EXPECT_ERROR(createTrainer(finetune)->step(batch),
                      "Trainer::step: expected a weight for each of 8 classes, got [1 x 7]");
  const auto several = createTrainer(tinyConfig(Task::kFinetune, {{"model.labels", "several", ""}}));
  MIXMIM_EXPECT_ERROR(several->step(batch), "Trainer::step: expected labels 4 x 8, 8 bit, got []");
  batch.labelTargets = cv::Mat(4, 8, CV_8U, cv::Scalar(2));
  MIXMIM_EXPECT_ERROR(several->step(batch), "Trainer::step: expected labels 0 and 1, got a larger number");
  TrainerState state = trainer->state();
  state.weights.erase("norm.bias");
  state.weights.at("norm.weight").shape = {3};
  MIXMIM_EXPECT_ERROR(
      trainer->restore(state),
      "weights: do not fit this model: missing norm.bias norm.weight is [3] instead of [256]");
}

TEST(Trainer, HasNoGpuKernelsOnACpu) {
  MIXMIM_EXPECT_ERROR(
      createTrainer(tinyConfig(Task::kPretrain, {{"run.gpuKernels", "own", ""}})),
      "run.gpuKernels: expected --device cuda for own kernels, got cpu; use --run.gpuKernels libtorch");
}

TEST(Trainer, NamesADeviceThatIsNotThere) {
  for (const std::string device : {"gpu", "cpu:x"}) {
    std::string message;
    try {
      createTrainer(tinyConfig(Task::kPretrain, {{"device", device, ""}}));
    } catch (const Error& error) {
      message = error.what();
    }
    EXPECT_EQ(message.find("run.device: expected cpu, cuda or cuda:N, got '" + device + "'; there are "), 0u)
        << message;
  }
}

/// Where there is no driver; other obstacles are in devices_test.cpp.
TEST(Trainer, SaysThatThereIsNoDriver) {
  if (void* driver = dlopen("libcuda.so.1", RTLD_NOW)) GTEST_SKIP() << "there is a driver, at " << driver;
  for (const char* device : {"cuda", "cuda:0", "cuda:63"})
    MIXMIM_EXPECT_ERROR(createTrainer(tinyConfig(Task::kPretrain, {{"device", device, ""}})),
                        "run.device: CUDA cannot be used: there is no NVIDIA driver (libcuda.so.1: cannot "
                        "open shared object file: No such file or directory); use --device cpu, or install "
                        "the driver of the GPU");
}

}  // namespace
}  // namespace cv::mixmim::test
