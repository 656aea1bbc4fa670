#include "apps/mixmim/training_verb.hpp"

namespace cv::mixmim {

int runFinetune(const Arguments& arguments) {
  const CommandLine line(
      "finetune", "Supervised training of a classifier on the pretrained encoder.",
      "--data SRC --val SRC --out RUN --init CHECKPOINT [OPTION...]",
      "mixmim finetune --data photos/train --val photos/val --out runs/second --init runs/first");
  return runTrainingVerb(line, Task::kFinetune, arguments);
}

}  // namespace cv::mixmim
