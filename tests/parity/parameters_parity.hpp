// What golden files say of every parameter. A parameter that only the model or only the file has is said by
// name.
#pragma once

#include <map>
#include <string>

#include "network/weights.hpp"
#include "tests/parity/golden.hpp"

namespace cv::mixmim::parity {

/// Copies of all parameters.
std::map<std::string, at::Tensor> valuesOf(const Weights& weights);

/// How many there are, and their values before training.
void checkWeights(const Golden& golden, const Config& config, const Weights& weights, Report& report);

// The following throw Lacking where the file has no such list.

/// After loss.backward().
void checkGradients(const Golden& golden, const Weights& weights, Report& report);
/// Weight decay, and in fine-tuning the scale of the learning rate.
void checkRules(const Golden& golden, const Config& config, const Weights& weights, Report& report);
/// How far training has moved each.
void checkChanges(const Golden& golden, const Weights& weights,
                  const std::map<std::string, at::Tensor>& before, Report& report);
/// Values after training. `about` begins the name of the quantity.
void checkTrainedSamples(const Golden& golden, const std::string& about, const Weights& weights,
                         const std::map<std::string, at::Tensor>& before, Report& report);

}  // namespace cv::mixmim::parity
