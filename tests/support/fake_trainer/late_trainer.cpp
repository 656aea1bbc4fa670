#include "tests/support/fake_trainer/late_trainer.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace cv::mixmim::test {

void LateTrainer::catchUp() {
  if (!waiting_) return;
  if (!std::exchange(warm_, true)) std::this_thread::sleep_for(std::chrono::milliseconds(kFirstStepMs));
  if (const auto report = punctual_.step(*std::exchange(waiting_, std::nullopt))) report_ = report;
}

std::optional<StepReport> LateTrainer::doStep(const Batch& batch) {
  catchUp();
  waiting_ = batch;
  waiting_->images = batch.images.clone();
  waiting_->classTargets = batch.classTargets.clone();
  return std::exchange(report_, std::nullopt);
}

std::optional<StepReport> LateTrainer::doFlush() {
  catchUp();
  return std::exchange(report_, std::nullopt);
}

Answers LateTrainer::doAnswers(const Batch& batch) {
  catchUp();
  return punctual_.answers(batch);
}

cv::Mat LateTrainer::doFeatures(const Batch& batch) {
  catchUp();
  return punctual_.features(batch);
}

TrainerState LateTrainer::doState() {
  catchUp();
  return punctual_.state();
}

}  // namespace cv::mixmim::test
