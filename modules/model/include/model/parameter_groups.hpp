// How the official optimiser treats and orders parameters: its files number them group by group.
#pragma once

#include <string>
#include <vector>

#include "model/parameters.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The factors of one parameter's update.
struct UpdateRule {
  double lrScale = 1, weightDecay = 0;
};

/// The rule of a parameter. Weight decay where Parameter::decays. Fine-tuning: lrScale = layerDecay^(blocks +
/// 1 - Parameter::layer), and 1 for the head with optim.headFullRate.
UpdateRule updateRule(const Parameter& parameter, const Config& config);

/// Learning rate after the warm-up, for steps of so many images: lr, or baseLr per 256 images.
double peakRate(const OptimConfig& optim, int images);

/// Trainable parameters in groups, in the order in which the official optimiser numbers them, given
/// `parameters` in registration order. Pretraining: without decay, with decay. Fine-tuning: by layer and
/// decay, in the order in which they are first met.
std::vector<std::vector<Parameter>> optimizerGroups(const std::vector<Parameter>& parameters,
                                                    const Config& config);

}  // namespace cv::mixmim
