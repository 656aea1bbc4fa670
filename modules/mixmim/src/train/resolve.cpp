#include "train/resolve.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "train/model_presets.hpp"
#include "train/option_value.hpp"
#include "train/suggestion.hpp"

namespace cv::mixmim {

const Option& findOption(const std::vector<Option>& list, const std::string& key, const std::string& origin) {
  const std::string name = key == "run.patience" ? "run.lostSeconds" : key;  // as older runs call it
  const auto matches = [&](const Option& o) {
    return o.name == name || (!o.alias.empty() && o.alias == name);
  };
  const auto found = std::find_if(list.begin(), list.end(), matches);
  if (found != list.end()) return *found;
  std::vector<std::string> names;
  for (const Option& option : list) {
    names.push_back(option.name);
    if (!option.alias.empty()) names.push_back(option.alias);
  }
  const std::string hint = didYouMean(key, names);
  throw Error(origin, fmt::format("unknown key '{}'", key),
              hint.empty() ? "`mixmim config` lists all keys" : hint);
}

void checkConfig(const Config& config) {
  cellsOf(config.model);
  const auto ordered = [](const char* key, double low, double high) {
    if (low > high)
      throw Error(key, fmt::format("expected a minimum not above the maximum, got {} and {}", low, high));
  };
  ordered("augment.scaleMin", config.augment.scaleMin, config.augment.scaleMax);
  ordered("augment.ratioMin", config.augment.ratioMin, config.augment.ratioMax);
  if (config.optim.freeze && config.run.task == Task::kPretrain)
    throw Error("optim.freeze", "expected false in pretraining, which trains the encoder");
  if (config.mix.maskRatio + config.mix.maskRatioRange > 1)
    throw Error("mix.maskRatioRange", fmt::format("expected maskRatio + maskRatioRange of at most 1, got {}",
                                                  config.mix.maskRatio + config.mix.maskRatioRange));
}

namespace {

/// Where a setting stands: "run.ini:12", or "--optim.lr".
std::string placeOf(const Setting& setting) {
  return setting.line > 0 ? fmt::format("{}:{}", setting.origin, setting.line) : setting.origin;
}

/// The task's changes of the defaults: the published recipes of pretraining and fine-tuning.
void applyTask(Task task, Config& config) {
  config.run.task = task;
  config.data.orientation = Orientation::kApply;
  if (task == Task::kPretrain) return;  // the defaults of config.hpp
  config.augment.scaleMin = 0.08;
  config.augment.randLayers = 2;
  config.augment.erase = 0.25;
  config.optim.epochs = 100;
  config.optim.warmupEpochs = 5;
  config.optim.baseLr = 5e-4;
  config.optim.minLr = 1e-6;
  config.optim.beta2 = 0.999;
  config.optim.layerDecay = 0.7;
}

/// The encoder's changes of the defaults, because fine-tuning another one than MixMIM's follows SimMIM.
/// `before` is the encoder of the model's name, whose windows are not another encoder's.
void applyEncoder(Family before, Config& config) {
  if (config.model.encoder != before) config.model.window = 0;
  if (config.run.task == Task::kFinetune && config.model.encoder != Family::kMixMim)
    config.optim.layerDecay = 0.8;
}

/// One spelling for one model: 0 stands for Swin's window of 7.
void settleWindow(ModelConfig& model) {
  if (model.encoder == Family::kSwin && model.window == 0) model.window = 7;
}

bool isGiven(const std::vector<Setting>& settings, const std::string& key) {
  return std::any_of(settings.begin(), settings.end(),
                     [&](const Setting& setting) { return setting.key == key; });
}

/// embedDim is also the first of dims, so that either may be read. One of its own beside the widths of the
/// model's name is a contradiction.
void settleWidths(const std::vector<Setting>& settings, ModelConfig& model) {
  if (model.dims.empty()) return;
  if (isGiven(settings, "model.embedDim") && model.embedDim != model.dims.front())
    throw Error(
        "model.embedDim",
        fmt::format("expected {}, the first of model.dims, got {}", model.dims.front(), model.embedDim),
        "set model.dims, a number per stage");
  model.embedDim = model.dims.front();
}

/// The share of a rule that was given without one.
void settleEvalCrop(const std::vector<Setting>& settings, Config& config) {
  const bool rule = isGiven(settings, "augment.evalRule") || isGiven(settings, "eval-rule");
  if (rule && !isGiven(settings, "augment.evalCrop"))
    config.augment.evalCrop = usualCrop(config.augment.evalRule, config.model.imageSize);
}

void apply(const std::vector<Option>& list, const Setting& setting) {
  const Option& option = findOption(list, setting.key, placeOf(setting));
  try {
    option.set(setting.value);
  } catch (const Error& e) {
    if (setting.line > 0) throw Error(placeOf(setting), e.what());
    throw;
  }
}

bool isModelName(const Setting& setting) {
  return setting.key == "model.name" || setting.key == "model";
}

}  // namespace

Config resolve(Task task, const std::vector<Setting>& settings) {
  Config config;
  applyTask(task, config);
  const std::vector<Option> list = options(config);
  // The model's name fills in dimensions that later keys may override, and its encoder other defaults, so
  // they are applied first.
  for (const Setting& setting : settings)
    if (isModelName(setting)) apply(list, setting);
  applyModelPreset(task, config.model);
  const Family named = config.model.encoder;
  for (const Setting& setting : settings)
    if (setting.key == "model.encoder") apply(list, setting);
  applyEncoder(named, config);
  for (const Setting& setting : settings) apply(list, setting);
  settleWindow(config.model);
  settleWidths(settings, config.model);
  settleEvalCrop(settings, config);
  if (config.run.task != task)
    throw Error("run.task", fmt::format("expected {}, got {}", nameOf(task), nameOf(config.run.task)),
                "these settings belong to another command");
  checkConfig(config);
  return config;
}

}  // namespace cv::mixmim
