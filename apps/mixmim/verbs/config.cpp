#include <iostream>

#include <fmt/format.h>

#include "inputs/checkpoint_config.hpp"
#include "inputs/data_choices.hpp"
#include "inputs/data_source.hpp"
#include "report/records/task_words.hpp"
#include "run/run_task.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// The task that the settings are for, as the preset says, or else --run.task, or the file.
Task taskOf(const Arguments& arguments) {
  if (const std::string name = said(arguments, "preset"); !name.empty()) return presetNamed(name).task;
  const std::string task = said(arguments, "run.task"), file = said(arguments, "config");
  std::vector<Setting> settings = file.empty() ? std::vector<Setting>() : readConfigFile(file);
  if (!task.empty()) settings.push_back({"run.task", task, "--run.task"});
  return report::taskIn(settings);
}

CommandLine commandLine(const Arguments& arguments) {
  CommandLine line(
      "config", "Prints all settings, resolved, as a config file with explanations: --config reads it back.",
      "[--preset NAME] [--data SRC] [OPTION...]",
      "mixmim config --preset pretrain-base-600ep > pretrain.ini");
  line.settings(taskOf(arguments))
      .example("mixmim config --config runs/first/config.ini --optim.lr 1e-4")
      .example("mixmim config --run.task finetune --data train   # what follows from these pictures");
  return line;
}

/// Lets settings follow the pictures, where there are some, and says in a comment which ones do and why.
std::string chooseDefaults(const RunRequest& request, Config& config) {
  if (!request.followsData || config.data.train.empty()) return {};
  try {
    const bool needed = runTaskOf(config.run.task).needsClasses;
    const auto source = openTrainingData(config.data, needed ? Classes::kNeeded : Classes::kUnused);
    const auto images = static_cast<int64_t>(source->size());
    const std::vector<Choice> choices = followData(request, {images}, config);
    return choices.empty() ? "" : choicesText(choices, images, runTaskOf(config.run.task).verb, "# ") + '\n';
  } catch (const Error& error) {  // a file of settings may be made before there are pictures
    return fmt::format("# no setting follows the data: {}\n\n", error.what());
  }
}

int run(const CommandLine& line) {
  const RunRequest request = requestOf(line);
  Config config = request.config;
  std::cout << chooseDefaults(request, config);
  if (const std::string name = line.get("preset"); !name.empty())
    std::cout << fmt::format("# {}: {}\n\n", name, presetNamed(name).sentence);
  std::cout << toIni(config);
  return kDone;
}

}  // namespace

Verb configVerb() {
  return {"config", "print all settings with their explanations", commandLine, run};
}

}  // namespace cv::mixmim
