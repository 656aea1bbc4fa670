// The fake trainer as a device computes: a step is done while the host prepares the next one, so its report
// comes with that. The first step takes long, as on a GPU that loads its kernels then.
#pragma once

#include "tests/support/fake_trainer/fake_trainer.hpp"

namespace cv::mixmim::test {

class LateTrainer final : public Trainer {
 public:
  explicit LateTrainer(const Config& config) : Trainer(config), punctual_(config) {}

  static constexpr int kFirstStepMs = 400;
  static constexpr DeviceMemory kMemory{int64_t{12} << 20, int64_t{640} << 20};

 private:
  cv::Mat doAllocate(int batch) override { return punctual_.allocate(batch); }
  std::optional<StepReport> doStep(const Batch& batch) override;
  std::optional<StepReport> doFlush() override;
  Answers doAnswers(const Batch& batch) override;
  cv::Mat doFeatures(const Batch& batch) override;
  std::optional<DeviceMemory> doDeviceMemory() const override { return kMemory; }
  TrainerState doState() override;
  void doRestore(const TrainerState& state) override { punctual_.restore(state); }
  LoadReport doInitialise(const TensorMap& weights) override { return punctual_.initialise(weights); }

  /// Computes what waits.
  void catchUp();

  FakeTrainer punctual_;
  std::optional<Batch> waiting_;  // with pixels of its own
  std::optional<StepReport> report_;
  bool warm_ = false;
};

}  // namespace cv::mixmim::test
