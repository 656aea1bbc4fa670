#include "apps/mixmim/checkpoint_config.hpp"

#include <algorithm>
#include <filesystem>

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

bool isModelName(const Setting& setting) {
  return setting.key == "model" || setting.key == "model.name";
}

/// The model section of a config, but for what belongs to the task.
std::vector<Setting> dimensionsOf(Config config, const std::string& origin) {
  std::vector<Setting> settings;
  for (const Option& option : options(config)) {
    const bool ofTask = option.name == "model.classes" || option.name == "model.dropPath" ||
                        option.name == "model.normPixLoss";
    if (option.name.rfind("model.", 0) == 0 && !ofTask)
      settings.push_back({option.name, option.get(), origin});
  }
  return settings;
}

}  // namespace

Config configWithModelOf(const CommandLine& line) {
  const Config config = line.config();
  const std::vector<Setting> given = line.given();
  const bool named = std::any_of(given.begin(), given.end(), isModelName);
  const bool plainWeights = fs::is_regular_file(config.run.init) &&
                            fs::path(config.run.init).filename() != "state.json" &&
                            !fs::exists(fs::path(config.run.init).parent_path() / "state.json");
  if (config.run.init.empty() || named || plainWeights) return config;
  std::vector<Setting> settings = dimensionsOf(readCheckpointInfo(config.run.init).config, config.run.init);
  settings.insert(settings.end(), given.begin(), given.end());
  try {
    return resolve(config.run.task, settings);
  } catch (const Error& e) {
    throw UsageError(e.what());
  }
}

LoadedModel loadModel(const std::string& checkpoint, const RunConfig& run) {
  LoadedModel model;
  model.info = readCheckpointInfo(checkpoint);
  model.info.config.run.device = run.device;
  model.info.config.run.threads = run.threads;
  model.info.config.run.trainer = run.trainer;
  model.trainer = createTrainer(model.info.config);
  model.trainer->restore({readWeights(checkpoint), {}});
  return model;
}

}  // namespace cv::mixmim
