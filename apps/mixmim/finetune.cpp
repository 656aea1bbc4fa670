#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/training_run.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

int runFinetune(const Arguments& arguments) {
  CommandLine line(
      "finetune", "Supervised training of a classifier on the pretrained encoder.",
      "--data SRC --val SRC --out RUN --init CHECKPOINT [OPTION...]",
      "mixmim finetune --data photos/train --val photos/val --out runs/second --init runs/first");
  line.settings(Task::kFinetune).flag("json", "Print the result as one JSON object.");
  if (!line.parse(arguments)) return kDone;
  return TrainingRun(configWithModelOf(line)).run(line.has("json"));
}

}  // namespace cv::mixmim
