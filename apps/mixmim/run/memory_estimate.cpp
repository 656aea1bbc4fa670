#include "run/memory_estimate.hpp"

#include <functional>
#include <numeric>

#include "kernels/layers.hpp"
#include "model/parameters.hpp"
#include "opencv2/mixmim/train/geometry.hpp"

namespace cv::mixmim {

namespace {

constexpr double kFloat = sizeof(float);

/// Measured: what the program and its libraries are before a batch, and how much more memory a heap takes
/// that keeps what is freed for pieces of other sizes.
constexpr double kProgram = 200 << 20, kHeap = 1.3;

/// Numbers that one Transformer block keeps per token for its backward pass: the block's input, both
/// normalised inputs, q, k and v, the attention's output, the sum after it, and the MLP's hidden layer unless
/// that is computed again. Scores of attention are never kept.
double keptPerToken(double dim, double mlpRatio) {
  constexpr double kWidths = 1 + 2 + 3 + 1 + 1;
  const bool narrow = mlpRatio * dim * dim <= static_cast<double>(kNarrowMatrix);
  return dim * (kWidths + (narrow ? 0 : mlpRatio));
}

/// Of one image, from its patches to the normalised tokens. Where widths change and at both ends, what was
/// normalised and what came out.
double encoderActivations(const Geometry& geometry, double mlpRatio) {
  constexpr double kAroundNorm = 2;
  double numbers = 0;
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const double dim = stage.dim, embedding = s == 0 ? dim : 0;
    numbers += stage.tokens() * (stage.depth * keptPerToken(dim, mlpRatio) + kAroundNorm * dim + embedding);
  }
  return numbers;
}

/// The decoder sees every mixture once for each image that is reconstructed.
double decoderActivations(const Config& config, const Geometry& geometry) {
  const ModelConfig& model = config.model;
  constexpr double kAroundNorm = 2;
  const double views = config.mix.bothImages ? 2 : 1, dim = model.decoderDim;
  return geometry.cellCount() *
         (views * model.decoderDepth * keptPerToken(dim, model.mlpRatio) + kAroundNorm * dim);
}

/// Copies of an image's pixels, when the last layer is reached: as patches for the gradient of the embedding,
/// normalised, and in pretraining as prediction and target; in fine-tuning mixed.
double pixelCopies(Task task) {
  return task == Task::kPretrain ? 4 : 3;
}

}  // namespace

MemoryEstimate estimateMemory(const Config& config) {
  const Geometry geometry = geometryOf(config.model);
  MemoryEstimate memory;
  double all = 0;
  for (const Parameter& parameter : parameters(config.model, config.run.task)) {
    const int64_t numbers = std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1},
                                            std::multiplies<int64_t>());
    all += static_cast<double>(numbers);
    if (parameter.trainable()) memory.parameters += numbers;
  }
  const auto trained = static_cast<double>(memory.parameters);
  memory.program = kProgram;
  memory.weights = kFloat * all;
  memory.gradients = kFloat * trained;
  memory.moments = 2 * kFloat * trained;
  memory.average = config.optim.ema > 0 ? kFloat * trained : 0;
  const double pixels = 3.0 * geometry.imageSize * geometry.imageSize;
  double perImage =
      encoderActivations(geometry, config.model.mlpRatio) + pixelCopies(config.run.task) * pixels;
  if (config.run.task == Task::kPretrain) perImage += decoderActivations(config, geometry);
  memory.activations = kFloat * perImage * config.data.batch * kHeap;
  memory.batches = pixels * config.data.batch * config.data.ring;
  return memory;
}

}  // namespace cv::mixmim
