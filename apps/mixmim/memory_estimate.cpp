#include "apps/mixmim/memory_estimate.hpp"

#include <functional>
#include <numeric>

#include "model_io/parameters.hpp"
#include "opencv2/mixmim/geometry.hpp"

namespace cv::mixmim {

namespace {

constexpr double kFloat = sizeof(float);

/// Numbers that one Transformer block keeps per token for its backward pass: the block's input, both
/// normalised inputs, q, k and v, the attention's output, the sum after it; and per head a row of attention
/// scores and of probabilities. The hidden layer of the MLP is computed again.
double keptPerToken(double dim, double heads, double keys) {
  constexpr double kWidths = 1 + 2 + 3 + 1 + 1;
  return dim * kWidths + 2 * heads * keys;
}

double encoderActivations(const Geometry& geometry) {
  double numbers = 0;
  for (const Stage& stage : geometry.stages)
    numbers +=
        1.0 * stage.depth * stage.tokens() * keptPerToken(stage.dim, stage.heads, stage.windowTokens());
  return numbers;
}

/// The decoder sees every mixture once for each image that is reconstructed.
double decoderActivations(const Config& config, const Geometry& geometry) {
  const ModelConfig& model = config.model;
  const double cells = geometry.cellCount();
  const double perToken = model.decoderDepth * keptPerToken(model.decoderDim, model.decoderHeads, cells);
  return (config.mix.bothImages ? 2 : 1) * cells * (perToken + geometry.cellPixels());
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
  memory.weights = kFloat * all;
  memory.gradients = kFloat * trained;
  memory.moments = 2 * kFloat * trained;
  memory.average = config.optim.ema > 0 ? kFloat * trained : 0;
  double perImage = encoderActivations(geometry);
  if (config.run.task == Task::kPretrain) perImage += decoderActivations(config, geometry);
  memory.activations = kFloat * perImage * config.data.batch;
  const double pixels = 3.0 * geometry.imageSize * geometry.imageSize;
  memory.batches = pixels * config.data.batch * config.data.ring;
  return memory;
}

}  // namespace cv::mixmim
