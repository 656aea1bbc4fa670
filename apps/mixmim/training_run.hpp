// One training run, pretraining or fine-tuning: pipeline -> trainer -> metrics, checkpoints, validation.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "apps/mixmim/evaluation.hpp"
#include "apps/mixmim/progress.hpp"
#include "apps/mixmim/run_folder.hpp"
#include "data_pipeline/pipeline.hpp"
#include "opencv2/mixmim/trainer.hpp"

namespace cv::mixmim {

class TrainingRun {
 public:
  /// Opens the data, the plugin and the run folder; loads weights or resumes. Throws Error before anything is
  /// written where something does not fit.
  explicit TrainingRun(Config config);

  /// Trains to the end or to an interrupt, leaving a checkpoint either way. Returns the exit code.
  int run(bool json);

 private:
  /// What is summed up between two lines of metrics.
  struct Interval {
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    double waitAtStart = 0;
    double loss = 0;
    int64_t steps = 0, images = 0;
  };

  void openData();
  void startWeights();
  void resume(const std::string& checkpoint);
  bool due(double everyEpochs) const;  ///< at step_, which ends an interval of that length, or the run
  Pipeline::Lease nextBatch();
  void account(const StepReport& report);
  void logMetrics(const StepReport& report);
  void validate();
  void saveCheckpoint();
  void finish(bool json, const StepReport& last);

  Config config_;
  std::shared_ptr<const Source> train_, val_;
  std::unique_ptr<RunFolder> folder_;
  std::shared_ptr<Trainer> trainer_;  // outlives the pipeline, whose batches it owns
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Progress> progress_;

  int64_t stepsPerEpoch_ = 0, totalSteps_ = 0;
  int64_t step_ = 0;  ///< steps done
  int64_t savedStep_ = -1;
  std::chrono::steady_clock::time_point savedAt_ = std::chrono::steady_clock::now();
  double top1_ = -1, bestTop1_ = -1;
  bool bestIsNew_ = false;
  int nonFinite_ = 0;  ///< in a row
  int64_t skippedSteps_ = 0;
  Interval interval_;
  std::string details_;  ///< behind the progress bar
};

}  // namespace cv::mixmim
