#include <iostream>

#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

int runConfig(const Arguments& arguments) {
  CommandLine line("config", "Prints all settings, resolved, as a config file with explanations.",
                   "[--preset NAME] [OPTION...]",
                   "mixmim config --preset finetune-base-100ep > finetune.ini");
  const std::string name = said(arguments, "preset");
  line.settings(name.empty() ? Task::kPretrain : presetNamed(name).task);
  if (!line.parse(arguments)) return kDone;
  std::cout << toIni(line.config());
  return kDone;
}

}  // namespace cv::mixmim
