// The interface between a training run and the plugin that computes it. Plugins implement the private doX();
// see docs/plugins.md and tests/support/fake_trainer for a complete example without LibTorch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

/// The result of one optimiser step.
struct StepReport {
  int64_t step = 0;      ///< the step described, as Batch::step; not always the newest, see Trainer::step
  double loss = 0;       ///< mean over the images of the step
  double gradNorm = 0;   ///< before clipping
  double lr = 0;         ///< before per-layer scaling
  bool skipped = false;  ///< loss or gradient was not finite; nothing of state() has changed
};

/// Memory of a device that has its own, in bytes.
struct DeviceMemory {
  int64_t peak = 0;   ///< the most that this process has held of it so far
  int64_t total = 0;  ///< that there is
};

/// Everything a run needs to continue bit for bit, apart from the position in the data.
struct TrainerState {
  TensorMap weights;    ///< official names; with optim.ema their running averages
  TensorMap optimizer;  ///< "<name>.exp_avg", "<name>.exp_avg_sq", "step" (one I64); with optim.ema
                        ///< "<name>.trained"
};

/// How loading foreign weights dealt with each name.
struct LoadReport {
  std::vector<std::string> resized;  ///< interpolated tables and embeddings
  std::vector<std::string> missing;  ///< kept at their initial value
  std::vector<std::string> unused;   ///< in the file, not in the model
};

/// A model together with its optimiser. Created from a resolved Config (task and number of classes included).
///
/// Threads: one at a time, not always the same. Signals that the host handles may go to another thread during
/// a call, or wait for its end, because matrix products of LibTorch borrow the stack pointer. Errors: Error;
/// after one in step() the trainer can still give state(). The public functions check arguments against the
/// Config; implementations need not check again.
class CV_EXPORTS Trainer {
 public:
  /// Name and version of this interface; a plugin's table holds the same.
  static constexpr const char* kInterface = "mixmim.Trainer/3";

  /// `config` is resolved: options.hpp, resolve().
  explicit Trainer(const Config& config);
  virtual ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// The Config it was created with.
  const Config& config() const { return config_; }

  /// N x H x W x 3 bytes for the images of a batch, in memory the device copies from fastest (pinned, where
  /// there is a device). Valid as long as the trainer lives.
  cv::Mat allocate(int batch);

  /// Makes this trainer one of launch.size that train the same model, and connects them; before the first
  /// step. From then on step() averages the gradients of all, which therefore must start from the same
  /// weights and be called equally often. Throws Error when the others do not come, or for a trainer that can
  /// only work alone.
  std::shared_ptr<World> join(const Launch& launch);

  /// One optimiser step, or, where batch.accumulation.parts > 1, the part of one that belongs to this batch:
  /// parts come in order, their gradients are averaged, the last one changes the weights. Full batches only
  /// (count == capacity). The batch may be reused when step returns.
  ///
  /// Gives the report of this step, except where a device still computes it: then that of the step before, or
  /// nothing. Every step is reported once, in order, by step() or by flush().
  std::optional<StepReport> step(const Batch& batch);
  /// Waits until all steps are done. The report that step() has not given yet, if there is one.
  std::optional<StepReport> flush();

  /// The answers of the task's model to a batch, count rows; changes nothing. Fine-tuning: scores.
  /// Pretraining: pictures; row i shows image i of the unmixed batch, every cell predicted where it was
  /// hidden.
  Answers answers(const Batch& batch);
  /// The normalised encoder output averaged over the tokens, count x featureDim, CV_32F: what a classifier
  /// sees. Unmixed images. Changes nothing.
  cv::Mat features(const Batch& batch);

  /// Memory of the device it computes on; nothing where that is the host's.
  std::optional<DeviceMemory> deviceMemory() const;

  /// Weights and moments; they may share memory with the trainer, so use or copy them before the next step.
  TrainerState state();
  /// Continues from a state of the same Config. Names and shapes must match exactly. An empty `optimizer`
  /// restores the weights alone, as evaluation needs them.
  void restore(const TrainerState& state);
  /// Starts from weights of a checkpoint that may be of another task, image size or class count (recipes:
  /// interpolates position embeddings and bias tables; the classifier head is always redrawn). Before the
  /// first step only.
  LoadReport initialise(const TensorMap& weights);

 private:
  virtual std::shared_ptr<World> doJoin(const Launch& launch);
  virtual cv::Mat doAllocate(int batch) = 0;
  virtual std::optional<StepReport> doStep(const Batch& batch) = 0;
  virtual std::optional<StepReport> doFlush() = 0;
  virtual Answers doAnswers(const Batch& batch) = 0;
  virtual cv::Mat doFeatures(const Batch& batch) = 0;
  virtual std::optional<DeviceMemory> doDeviceMemory() const;
  virtual TrainerState doState() = 0;
  virtual void doRestore(const TrainerState& state) = 0;
  virtual LoadReport doInitialise(const TensorMap& weights) = 0;

  void checkImages(const char* where, const Batch& batch) const;

  Config config_;
  bool started_ = false;
};

/// Loads the plugin `config.run.trainer` and creates a trainer. Throws Error with the reason the plugin
/// gives.
CV_EXPORTS std::shared_ptr<Trainer> createTrainer(const Config& config);

}  // namespace cv::mixmim
