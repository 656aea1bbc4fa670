#include <iostream>

#include <fmt/format.h>

#include "report/records/task_words.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// The task that the settings are for, as the preset says, or else the file.
Task taskOf(const Arguments& arguments) {
  if (const std::string name = said(arguments, "preset"); !name.empty()) return presetNamed(name).task;
  const std::string file = said(arguments, "config");
  return report::taskIn(file.empty() ? std::vector<Setting>() : readConfigFile(file));
}

CommandLine commandLine(const Arguments& arguments) {
  CommandLine line(
      "config", "Prints all settings, resolved, as a config file with explanations: --config reads it back.",
      "[--preset NAME] [OPTION...]", "mixmim config --preset pretrain-base-600ep > pretrain.ini");
  line.settings(taskOf(arguments)).example("mixmim config --config runs/first/config.ini --optim.lr 1e-4");
  return line;
}

int run(const CommandLine& line) {
  if (const std::string name = line.get("preset"); !name.empty())
    std::cout << fmt::format("# {}: {}\n\n", name, presetNamed(name).sentence);
  std::cout << toIni(line.config());
  return kDone;
}

}  // namespace

Verb configVerb() {
  return {"config", "print all settings with their explanations", commandLine, run};
}

}  // namespace cv::mixmim
