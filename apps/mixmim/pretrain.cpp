#include "apps/mixmim/training_verb.hpp"

namespace cv::mixmim {

int runPretrain(const Arguments& arguments) {
  const CommandLine line(
      "pretrain", "Masked and mixed pretraining: learns from images alone, labels are not used.",
      "--data SRC --out RUN [OPTION...]",
      "mixmim pretrain --data photos/train --out runs/first --model base --epochs 300 --batch 128");
  return runTrainingVerb(line, Task::kPretrain, arguments);
}

}  // namespace cv::mixmim
