#include "model/parameter_groups.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// Layers of the whole model: the full learning rate.
int fullRate(const Config& config) {
  const std::vector<int>& depths = config.model.depths;
  return std::accumulate(depths.begin(), depths.end(), 1);
}

/// The layer whose learning rate a parameter has when fine-tuned.
int rateLayer(const Parameter& parameter, const Config& config) {
  if (config.optim.headFullRate && startsWith(parameter.name, "head.")) return fullRate(config);
  return parameter.layer;
}

}  // namespace

UpdateRule updateRule(const Parameter& parameter, const Config& config) {
  UpdateRule rule;
  rule.weightDecay = parameter.decays ? config.optim.weightDecay : 0;
  if (config.run.task == Task::kFinetune)
    rule.lrScale = std::pow(config.optim.layerDecay, fullRate(config) - rateLayer(parameter, config));
  return rule;
}

double peakRate(const OptimConfig& optim, int images) {
  constexpr double kImagesOfBaseLr = 256;
  return optim.lr > 0 ? optim.lr : optim.baseLr * images / kImagesOfBaseLr;
}

std::vector<std::vector<Parameter>> optimizerGroups(const std::vector<Parameter>& parameters,
                                                    const Config& config) {
  using Key = std::pair<int, bool>;  // layer, decays
  std::vector<Key> keys;
  const bool pretraining = config.run.task == Task::kPretrain;
  if (pretraining) keys = {{0, false}, {0, true}};
  std::vector<std::vector<Parameter>> groups(keys.size());
  for (const Parameter& parameter : parameters) {
    const Key key{pretraining ? 0 : rateLayer(parameter, config), parameter.decays};
    const auto found = std::find(keys.begin(), keys.end(), key);
    const auto index = static_cast<size_t>(found - keys.begin());
    if (found == keys.end()) {
      keys.push_back(key);
      groups.emplace_back();
    }
    groups[index].push_back(parameter);
  }
  return groups;
}

}  // namespace cv::mixmim
