// How the official optimiser treats and orders parameters: its files number them group by group.
#pragma once

#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Layer of a parameter for layer decay, 0 .. blocks: the patch embedding has 0, block k has k + 1, a patch
/// merging that of the block after it, final norm and head that of the last block. Official "get_layer_id".
int layerId(const std::string& name, const ModelConfig& model);

/// What decides about a parameter's group: one-dimensional tensors do not decay.
struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;
};

/// What one parameter's update is multiplied with.
struct UpdateRule {
  double lrScale = 1, weightDecay = 0;
};

/// The rule of a parameter. No decay for one-dimensional tensors and biases, decay for everything else (bias
/// tables and mask token included). Fine-tuning: lrScale = layerDecay^(blocks + 1 - layerId), and 1 for the
/// head with optim.headFullRate.
UpdateRule updateRule(const NamedShape& parameter, const Config& config);

/// Learning rate after the warm-up, for steps of so many images: lr, or baseLr per 256 images.
double peakRate(const OptimConfig& optim, int images);

/// Trainable parameters in groups, in the order in which the official optimiser numbers them, given
/// `parameters` in registration order. Pretraining: without decay, with decay. Fine-tuning: by layer and
/// decay, in the order in which they are first met.
std::vector<std::vector<NamedShape>> optimizerGroups(const std::vector<NamedShape>& parameters,
                                                     const Config& config);

}  // namespace cv::mixmim
