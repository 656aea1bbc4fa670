#include "verbs/training_verb.hpp"

namespace cv::mixmim {

Verb finetuneVerb() {
  CommandLine line(
      "finetune", "Supervised training of a classifier on the pretrained encoder.",
      "--data SRC --val SRC --out RUN --init CHECKPOINT [OPTION...]",
      "mixmim finetune --data photos/train --val photos/val --out runs/second --init runs/first");
  line.example("mixmim finetune --config runs/second/config.ini --out runs/third --lr 5e-4 --dry-run");
  return trainingVerb("supervised training of the same encoder", line, Task::kFinetune);
}

}  // namespace cv::mixmim
