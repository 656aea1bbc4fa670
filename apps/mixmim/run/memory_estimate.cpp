#include "run/memory_estimate.hpp"

#include <algorithm>
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

/// Widths of a token that attention keeps for its backward pass: q, k, v and its output. Scores are never
/// kept.
constexpr double kSelfAttention = 4;

/// The same where keys are reduced: q and output of every token, k and v of every key, and where a key is
/// made of several tokens the input and output of its norm.
double reducedAttention(int reduction) {
  const double tokens = double{1} * reduction * reduction, ofKey = reduction > 1 ? 4 : 2;
  return 2 + ofKey / tokens;
}

/// Numbers that one Transformer block keeps per token for its backward pass: the block's input, both
/// normalised inputs, what `attention` keeps, the sum after it, and the MLP's hidden layer unless that is
/// computed again.
double keptPerToken(double dim, double hidden, double attention) {
  constexpr double kWidths = 1 + 2 + 1;
  const bool narrow = hidden * dim <= static_cast<double>(kNarrowMatrix);
  return dim * (kWidths + attention) + (narrow ? 0 : hidden);
}

/// An MLP with a convolution keeps its hidden layer, however narrow.
double keptPerToken(const Block& block, const Stage& stage) {
  const double attention =
      block.meeting == Meeting::kReduced ? reducedAttention(block.reduction) : kSelfAttention;
  if (!stage.convolvedMlp) return keptPerToken(stage.dim, stage.hidden, attention);
  return keptPerToken(stage.dim, /*hidden=*/0, attention) + stage.hidden;
}

/// Numbers kept per token where a stage begins: a LayerNorm where widths change keeps its normalised input
/// and its output, an embedding its product, an overlapping one the members of its patches.
double keptByNarrowing(const Stage& stage, double dimBefore) {
  constexpr double kAroundNorm = 2;
  const double side = 2.0 * stage.side - 1;
  const double members = stage.narrowing == Narrowing::kOverlapping ? side * side * dimBefore : 0;
  const double embedding = stage.narrowing == Narrowing::kMerged ? 0 : stage.dim;
  const double convolved = stage.position == Position::kConvolved ? stage.dim : 0;
  return kAroundNorm * stage.dim + embedding + members + convolved;
}

/// Numbers of one image that exist while the gradient of the largest convolved hidden layer is computed: that
/// layer again behind its convolution, and two gradients. They come on top of what is kept, because the first
/// stage has the largest one.
double convolvedGradients(const Plan& plan) {
  constexpr double kLayers = 3;
  double largest = 0;
  for (const Stage& stage : plan.stages)
    if (stage.convolvedMlp) largest = std::max(largest, double{1} * stage.tokens() * stage.hidden);
  return kLayers * largest;
}

/// Numbers kept for one image, from its patches to the normalised tokens.
double encoderActivations(const Plan& plan) {
  double numbers = convolvedGradients(plan), dimBefore = 3;  // of pixels
  for (const Stage& stage : plan.stages) {
    double perToken = keptByNarrowing(stage, dimBefore);
    for (const Block& block : stage.blocks) perToken += keptPerToken(block, stage);
    numbers += stage.tokens() * perToken;
    dimBefore = stage.dim;
  }
  return numbers;
}

/// The decoder sees every mixture once for each image that is reconstructed.
double decoderActivations(const Config& config, const Plan& plan) {
  const ModelConfig& model = config.model;
  constexpr double kAroundNorm = 2;
  const double views = config.mix.bothImages ? 2 : 1, dim = model.decoderDim;
  return plan.cellCount() *
         (views * model.decoderDepth * keptPerToken(dim, dim * model.mlpRatio, kSelfAttention) +
          kAroundNorm * dim);
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
