#include "verbs/training_verb.hpp"

namespace cv::mixmim {

Verb pretrainVerb() {
  CommandLine line(
      "pretrain", "Masked and mixed pretraining: learns from images alone, labels are not used.",
      "--data SRC --out RUN [OPTION...]",
      "mixmim pretrain --data photos/train --out runs/first --model base --epochs 300 --batch 128");
  line.example(
      "mixmim pretrain --data photos/train --out runs/first --model base --epochs 300 --batch 128 --resume "
      "auto");
  return trainingVerb("masked and mixed pretraining, without labels", line, Task::kPretrain);
}

}  // namespace cv::mixmim
