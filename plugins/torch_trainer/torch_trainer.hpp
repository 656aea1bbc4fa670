// The Trainer of this plugin: the published MixMIM, pretraining and fine-tuning.
#pragma once

#include <memory>
#include <optional>

#include "compute/device.hpp"
#include "compute/transfer.hpp"
#include "cuda/kernel_choice.hpp"
#include "network/encoder.hpp"
#include "objectives/objective.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "training/optimizer.hpp"
#include "training/weight_average.hpp"
#include "world/gradient_buckets.hpp"

namespace cv::mixmim {

class TorchTrainer final : public Trainer {
 public:
  explicit TorchTrainer(const Config& config);

 private:
  std::shared_ptr<World> doJoin(const Launch& launch) override;
  cv::Mat doAllocate(int batch) override;
  std::optional<StepReport> doStep(const Batch& batch) override;
  std::optional<StepReport> doFlush() override;
  std::optional<DeviceMemory> doDeviceMemory() const override { return memoryOf(device_); }
  Answers doAnswers(const Batch& batch) override;
  cv::Mat doFeatures(const Batch& batch) override;
  TrainerState doState() override;
  void doRestore(const TrainerState& state) override;
  LoadReport doInitialise(const TensorMap& weights) override;

  WeightAverage* average() { return average_ ? &*average_ : nullptr; }
  void accumulate(const at::Tensor& loss, const Batch& batch);
  void update(double lr);
  std::optional<StepReport> stepped(const Batch& batch);
  std::optional<StepReport> collectReport();
  template <class Work>
  auto onDevice(Work work) const;

  at::Device device_;
  KernelChoice kernels_;
  Transfer transfer_;
  Weights weights_;
  Encoder encoder_;
  std::unique_ptr<Objective> objective_;
  AdamW optimizer_;
  std::optional<WeightAverage> average_;
  std::unique_ptr<GradientBuckets> buckets_;  ///< where other processes train the same model
  at::Tensor loss_;                           ///< of the step so far, a scalar on the device
  std::optional<StepReport> pending_;         ///< of the step whose numbers are still on the device
};

}  // namespace cv::mixmim
