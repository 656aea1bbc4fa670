#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/training_run.hpp"
#include "apps/mixmim/verb.hpp"

namespace cv::mixmim {

int runPretrain(const Arguments& arguments) {
  CommandLine line(
      "pretrain", "Masked and mixed pretraining: learns from images alone, labels are not used.",
      "--data SRC --out RUN [OPTION...]",
      "mixmim pretrain --data photos/train --out runs/first --model base --epochs 300 --batch 128");
  line.settings(Task::kPretrain).flag("json", "Print the result as one JSON object.");
  if (!line.parse(arguments)) return kDone;
  return TrainingRun(configWithModelOf(line)).run(line.has("json"));
}

}  // namespace cv::mixmim
