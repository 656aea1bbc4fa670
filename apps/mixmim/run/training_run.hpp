// One training run, pretraining or fine-tuning: pipeline -> trainer -> metrics, checkpoints, validation.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "evaluation/measured.hpp"
#include "run/bad_image_log.hpp"
#include "run/non_finite_steps.hpp"
#include "run/run_folder.hpp"
#include "run/run_setup.hpp"
#include "run/step_meter.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/progress.hpp"

namespace cv::mixmim {

class TrainingRun {
 public:
  /// Begins or reopens the run folder. Throws Error.
  explicit TrainingRun(RunSetup setup);

  /// Trains to the end or to an interrupt, leaving a checkpoint either way. Returns the exit code. Only rank
  /// 0 of several processes writes.
  int run(bool json);

 private:
  void train();
  bool wanted(uint32_t request) const { return (requests_ & request) != 0; }
  void afterStep();
  bool stopsEarly() const;
  bool due(double everyEpochs) const;  ///< at step_, which ends an interval of that length, or the run
  double epochAfter(int64_t steps) const;
  Pipeline::Lease nextBatch();
  uint32_t ownRequests() const;  ///< what this process asks of all, at the beginning of a step
  void settle();                 ///< waits for the reports of all steps so far
  void account(const StepReport& report);
  void lookForBadImages(bool together);
  void logMetrics(const StepReport& report);
  void addTraffic(boost::json::object& metrics, double seconds);
  void validate();
  void logPictures();
  void saveCheckpoint();
  void finish(bool json);

  RunSetup setup_;
  const Config& config_ = setup_.config;
  Trainer& trainer_ = *setup_.trainer;
  Pipeline& pipeline_ = *setup_.pipeline;
  World& world_ = *setup_.world;
  RunFolder folder_;
  NonFiniteSteps nonFinite_;
  BadImageLog badImages_;
  StepMeter meter_;
  std::optional<Progress> progress_;
  Batch watched_;  ///< pictures whose reconstruction is logged; empty = none

  uint32_t requests_ = 0;  ///< by signals, to any of the processes
  int64_t step_;           ///< steps given to the trainer, whose reports may come later
  int64_t savedStep_;      ///< of the newest checkpoint
  Clock::time_point savedAt_ = Clock::now();
  std::optional<NamedNumber> headline_;  ///< of the newest validation, -1 = none yet; empty = never
  double best_;                          ///< of all validations; -1 = none
  int64_t bestStep_;                     ///< of the checkpoint that had it; -1 = none
  int64_t bestAt_;                       ///< after which step that validation was
  bool bestIsNew_ = false;
  World::Traffic traffic_;                                  ///< at the last line of metrics
  double loss_ = std::numeric_limits<double>::quiet_NaN();  ///< of the newest report
  std::string details_;                                     ///< behind the progress bar
};

}  // namespace cv::mixmim
