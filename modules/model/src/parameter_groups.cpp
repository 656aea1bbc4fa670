#include "model/parameter_groups.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/geometry.hpp"

namespace cv::mixmim {

int layerId(const std::string& name, const ModelConfig& model) {
  const Geometry geometry = geometryOf(model);
  if (startsWith(name, "patch_embed.")) return 0;
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const std::string prefix = "layers." + std::to_string(s) + ".";
    if (!startsWith(name, prefix)) continue;
    const std::string rest = name.substr(prefix.size());
    if (startsWith(rest, "downsample.")) return stage.firstBlock + stage.depth + 1;
    return stage.firstBlock + std::stoi(rest.substr(std::strlen("blocks."))) + 1;
  }
  return geometry.blocks;  // final norm and head
}

namespace {

/// The layer whose learning rate a parameter has when fine-tuned, up to blocks + 1 for the full rate.
int rateLayer(const std::string& name, const Config& config) {
  if (config.optim.headFullRate && startsWith(name, "head.")) return geometryOf(config.model).blocks + 1;
  return layerId(name, config.model);
}

}  // namespace

UpdateRule updateRule(const NamedShape& parameter, const Config& config) {
  UpdateRule rule;
  rule.weightDecay =
      parameter.shape.size() == 1 ? 0 : config.optim.weightDecay;  // every bias has one dimension
  if (config.run.task == Task::kFinetune) {
    const int blocks = geometryOf(config.model).blocks;
    rule.lrScale = std::pow(config.optim.layerDecay, blocks + 1 - rateLayer(parameter.name, config));
  }
  return rule;
}

double peakRate(const OptimConfig& optim, int images) {
  constexpr double kImagesOfBaseLr = 256;
  return optim.lr > 0 ? optim.lr : optim.baseLr * images / kImagesOfBaseLr;
}

std::vector<std::vector<NamedShape>> optimizerGroups(const std::vector<NamedShape>& parameters,
                                                     const Config& config) {
  using Key = std::pair<int, bool>;  // layer, decays
  std::vector<Key> keys;
  const bool pretraining = config.run.task == Task::kPretrain;
  if (pretraining) keys = {{0, false}, {0, true}};
  std::vector<std::vector<NamedShape>> groups(keys.size());
  for (const NamedShape& parameter : parameters) {
    const Key key{pretraining ? 0 : rateLayer(parameter.name, config), parameter.shape.size() > 1};
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
