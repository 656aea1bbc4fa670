#include "inputs/checkpoint_config.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "model_io/open_checkpoint.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

bool isModelName(const Setting& setting) {
  return setting.key == "model" || setting.key == "model.name";
}

/// The last value of an option of [run], by its short or whole name. Asked before the model is known, so that
/// nothing else of the settings is judged yet.
std::string lastOf(const std::vector<Setting>& settings, const std::string& name) {
  std::string value;
  for (const Setting& setting : settings)
    if (setting.key == name || setting.key == "run." + name) value = setting.value;
  return value;
}

/// The settings that decide the shapes of a config's model, except those that belong to the task.
std::vector<Setting> dimensionsOf(Config config, const std::string& origin) {
  std::vector<Setting> settings;
  for (const Option& option : options(config))
    if (option.is(Scope::kShape) && !option.is(Scope::kOfTask))
      settings.push_back({option.name, option.get(), origin});
  return settings;
}

/// True for a run of another program, whose weights and optimiser are read and nothing else.
bool resumesPth(const std::string& resumed) {
  return !resumed.empty() && resumed != "auto" && weightsKindOf(resumed) == WeightsKind::kPth;
}

/// All settings of the run that goes on, or none where a new one begins.
std::vector<Setting> settingsToResume(const std::string& resumed, const std::string& out) {
  if (resumed.empty() || resumesPth(resumed)) return {};
  if (resumed == "auto") {
    const std::string file = (std::filesystem::path(out) / "config.ini").string();
    if (!std::filesystem::exists(file)) return {};
    std::vector<Setting> settings = readConfigFile(file);
    settings.insert(settings.begin(), {"data.orientation", "ignore", file});  // where it is too old to say
    return settings;
  }
  Config config = readCheckpointInfo(resumed).config;
  std::vector<Setting> settings;
  for (const Option& option : options(config)) settings.push_back({option.name, option.get(), resumed});
  return settings;
}

/// The settings that a command line need not say, because files say them.
std::vector<Setting> settingsOfFiles(const std::vector<Setting>& given) {
  const std::string resumed = lastOf(given, "resume"), init = lastOf(given, "init");
  std::vector<Setting> ofRun = settingsToResume(resumed, lastOf(given, "out"));
  if (!ofRun.empty()) return ofRun;
  const std::string& weights = resumesPth(resumed) ? resumed : init;
  if (weights.empty() || std::any_of(given.begin(), given.end(), isModelName)) return {};
  return dimensionsOf(readCheckpointInfo(weights, headDimAmong(given)).config, weights);
}

}  // namespace

RunRequest requestOf(const CommandLine& line) {
  const std::vector<Setting> said = line.given();
  RunRequest request;
  request.given = settingsOfFiles(said);
  request.config = line.config(request.given);
  request.given.insert(request.given.end(), said.begin(), said.end());
  request.followsData = !line.has("preset");
  return request;
}

void takeEvalView(const CommandLine& line, Config& config) {
  const auto taken = [&](const Option& option) {
    bool found = false;
    for (const Setting& setting : line.given()) {
      if (setting.key != option.name && (option.alias.empty() || setting.key != option.alias)) continue;
      try {
        option.set(setting.value);
      } catch (const Error& e) {
        throw UsageError(e.what());
      }
      found = true;
    }
    return found;
  };
  bool rule = false, crop = false;
  for (const Option& option : options(config)) {
    if (option.name == "augment.evalRule") rule = taken(option);
    if (option.name == "augment.evalCrop") crop = taken(option);
  }
  if (rule && !crop) config.augment.evalCrop = usualCrop(config.augment.evalRule, config.model.imageSize);
}

int headDimAmong(const std::vector<Setting>& settings) {
  Config config;
  config.model.headDim = 0;
  for (const Option& option : options(config))
    for (const Setting& setting : settings)
      if (option.name == "model.headDim" && setting.key == option.name) option.set(setting.value);
  return config.model.headDim;
}

void sayNotes(const std::string& checkpoint) {
  for (const std::string& note : readNotes(checkpoint))
    std::cerr << fmt::format("{}: {}\n", checkpoint, note);
}

LoadedModel loadModel(const std::string& checkpoint, const RunConfig& run) {
  LoadedModel model;
  model.info = readCheckpointInfo(checkpoint);
  if (model.info.config.run.task == Task::kFinetune && model.info.config.model.classes == 0)
    throw Error(checkpoint, "holds an encoder alone, without decoder or classifier",
                "start a fine-tuning from it with --init");
  sayNotes(checkpoint);
  model.info.config.run.device = run.device;
  model.info.config.run.gpuKernels = run.gpuKernels;  // its training may have had another device
  model.info.config.run.threads = run.threads;
  model.info.config.run.trainer = run.trainer;
  model.trainer = createTrainer(model.info.config);
  model.trainer->restore({readWeights(checkpoint), {}});
  return model;
}

}  // namespace cv::mixmim
