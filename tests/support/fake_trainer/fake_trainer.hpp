// A complete Trainer without LibTorch, and the manual for authors of one: everything a run needs of a trainer
// is here, in its simplest form. The "model" is one matrix on mean colours: softmax regression in
// fine-tuning, and in pretraining a guess of each picture's mean colour from its mixture. It learns a little,
// is deterministic, and can be resumed bit for bit; a large optim.lr makes it diverge.
#pragma once

#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim::test {

class FakeTrainer final : public Trainer {
 public:
  explicit FakeTrainer(const Config& config);

 private:
  // Memory for batches. Ordinary memory will do where no device copies from it.
  cv::Mat doAllocate(int batch) override;

  // The public functions have checked shapes, labels and state: nothing needs to be checked again.
  // It computes at once, so every step gives its own report and nothing is left for the end.
  std::optional<StepReport> doStep(const Batch& batch) override;
  std::optional<StepReport> doFlush() override { return std::nullopt; }

  Answers doAnswers(const Batch& batch) override;
  cv::Mat doFeatures(const Batch& batch) override;

  // Everything that changes while training belongs into the state, under names that stay.
  TrainerState doState() override;
  void doRestore(const TrainerState& state) override;
  LoadReport doInitialise(const TensorMap& weights) override;

  cv::Mat weights_;              // 4 x outputs: mean R, G, B and a constant
  cv::Mat momentum_, gradient_;  // of the same shape
  double loss_ = 0;              // of the step so far
};

}  // namespace cv::mixmim::test
