#include "run/memory_estimate.hpp"

#include <functional>
#include <numeric>

#include "kernels/layers.hpp"
#include "model/parameters.hpp"
#include "model/plan.hpp"

namespace cv::mixmim {

namespace {

constexpr double kFloat = sizeof(float);

/// Measured: the memory of the program and its libraries before the first batch, and the overhead of a heap,
/// because it keeps freed memory in pieces of other sizes.
constexpr double kProgram = 200 << 20, kHeap = 1.3;

/// Numbers that one Transformer block keeps per token for its backward pass: the block's input, both
/// normalised inputs, q, k and v, the attention's output, the sum after it, and the MLP's hidden layer unless
/// that is computed again. Scores of attention are never kept.
double keptPerToken(double dim, double hidden) {
  constexpr double kWidths = 1 + 2 + 3 + 1 + 1;
  const bool narrow = hidden * dim <= static_cast<double>(kNarrowMatrix);
  return dim * kWidths + (narrow ? 0 : hidden);
}

/// Numbers kept for one image, from its patches to the normalised tokens. A LayerNorm where widths change,
/// and at both ends, keeps its normalised input and its output.
double encoderActivations(const Plan& plan) {
  constexpr double kAroundNorm = 2;
  double numbers = 0;
  for (const Stage& stage : plan.stages) {
    const double dim = stage.dim, embedding = stage.narrowing == Narrowing::kPatches ? dim : 0;
    const auto blocks = static_cast<double>(stage.blocks.size());
    numbers += stage.tokens() * (blocks * keptPerToken(dim, stage.hidden) + kAroundNorm * dim + embedding);
  }
  return numbers;
}

/// The decoder sees every mixture once for each image that is reconstructed.
double decoderActivations(const Config& config, const Plan& plan) {
  const ModelConfig& model = config.model;
  constexpr double kAroundNorm = 2;
  const double views = config.mix.bothImages ? 2 : 1, dim = model.decoderDim;
  return plan.cellCount() *
         (views * model.decoderDepth * keptPerToken(dim, dim * model.mlpRatio) + kAroundNorm * dim);
}

/// Numbers kept for one image besides the encoder's: those of the decoder, and copies of the `pixels` when
/// the last layer is reached. Copies are the patches for the gradient of the embedding, the normalised image,
/// and in pretraining prediction and target, in fine-tuning the mixture.
double activationsOfTask(const Config& config, const Plan& plan, double pixels) {
  constexpr double kPretrainCopies = 4, kFinetuneCopies = 3;
  switch (config.run.task) {
    case Task::kPretrain:
      return kPretrainCopies * pixels + decoderActivations(config, plan);
    case Task::kFinetune:
      return kFinetuneCopies * pixels;
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

}  // namespace

MemoryEstimate estimateMemory(const Config& config) {
  const Plan plan = planOf(config.model);
  MemoryEstimate memory;
  double all = 0;
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    const int64_t numbers = std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1},
                                            std::multiplies<int64_t>());
    all += static_cast<double>(numbers);
    if (parameter.trainable) memory.parameters += numbers;
  }
  const auto trained = static_cast<double>(memory.parameters);
  memory.program = kProgram;
  memory.weights = kFloat * all;
  memory.gradients = kFloat * trained;
  memory.moments = 2 * kFloat * trained;
  memory.average = config.optim.ema > 0 ? kFloat * trained : 0;
  const double pixels = 3.0 * plan.image.area();
  const double perImage = encoderActivations(plan) + activationsOfTask(config, plan, pixels);
  memory.activations = kFloat * perImage * config.data.batch * kHeap;
  memory.batches = pixels * config.data.batch * config.data.ring;
  return memory;
}

}  // namespace cv::mixmim
