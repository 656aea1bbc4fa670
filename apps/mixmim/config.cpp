#include <iostream>

#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

int runConfig(const Arguments& arguments) {
  CommandLine line("config", "Prints all settings, resolved, as a config file with explanations.",
                   "[--preset pretrain|finetune] [OPTION...]",
                   "mixmim config --preset finetune --model base > finetune.ini");
  line.option("preset", "Whose defaults: pretrain or finetune.", "pretrain")
      .settings(says(arguments, "preset", "finetune") ? Task::kFinetune : Task::kPretrain);
  if (!line.parse(arguments)) return kDone;
  const std::string preset = line.get("preset");
  if (preset != "pretrain" && preset != "finetune")
    throw UsageError("--preset: expected pretrain or finetune, got '" + preset + "'");
  std::cout << toIni(line.config());
  return kDone;
}

}  // namespace cv::mixmim
