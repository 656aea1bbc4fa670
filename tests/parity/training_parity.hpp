// What pretraining and fine-tuning parity have in common: gradients and a short training.
#pragma once

#include <functional>
#include <string>

#include "network/weights.hpp"
#include "tests/parity/golden.hpp"
#include "training/optimizer.hpp"

namespace cv::mixmim::parity {

/// The loss of the first step and its gradients; then repeats the training of the file: learning rates,
/// losses, gradient norms, what became of the parameters. `lossOf` computes the loss of step t with the
/// current weights.
void checkLearning(const Golden& golden, const Config& config, const Weights& weights,
                   const std::function<at::Tensor(int step)>& lossOf, Report& report);

/// From step `first` on, with an optimizer in the state that belongs to it: learning rates, losses, gradient
/// norms. `about` begins the names of the quantities.
void checkSteps(const Golden& golden, const std::string& about, const OptimConfig& optim, AdamW& optimizer,
                size_t first, const std::function<at::Tensor(int step)>& lossOf, Report& report);

/// The settings that the file was trained with. Throws Lacking.
OptimConfig hyperParameters(const Golden& golden);

}  // namespace cv::mixmim::parity
