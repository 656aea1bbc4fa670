// What pretraining and fine-tuning parity have in common: gradients and a short training.
#pragma once

#include <functional>

#include "plugins/torch_trainer/optimizer.hpp"
#include "plugins/torch_trainer/weights.hpp"
#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

/// Number of parameters, and their values before training ("weight_checks", where the file has them).
void checkWeights(const Golden& golden, const Config& config, const Weights& weights, Report& report);

/// Gradients of the parameters, after loss.backward().
void checkGradients(const Golden& golden, const Weights& weights, Report& report);

/// Repeats the training of the file: learning rates, losses, gradient norms, what became of the parameters.
/// `lossOf` computes the loss of step t with the current weights.
void checkTraining(const Golden& golden, Config config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report);

}  // namespace cv::mixmim::parity
