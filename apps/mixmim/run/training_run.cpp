#include "run/training_run.hpp"

#include <stdio_ext.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "evaluation/evaluation.hpp"
#include "inputs/picture_batch.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "run/kept_records.hpp"
#include "run/reconstruction_sheet.hpp"
#include "run/run_task.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/json_number.hpp"

namespace cv::mixmim {

namespace {

/// The pictures to watch in pretraining: of --val, or else of the training images.
Batch picturesToWatch(const RunSetup& setup) {
  constexpr int kPictures = 8;
  if (setup.config.run.task != Task::kPretrain || setup.config.run.pictureEpochs == 0 ||
      setup.world->rank() > 0)
    return {};
  const Source& source = setup.val ? *setup.val : *setup.train;
  const std::vector<cv::Mat> pictures = somePictures(source, kPictures, setup.config.data.orientation);
  return pictures.size() < 2 ? Batch() : pictureBatch(pictures, setup.config);
}

std::unique_ptr<Measure> measureFor(const RunSetup& setup) {
  return makeMeasure(setup.config.run.task, setup.config.model.labels, setup.train->labels());
}

/// The number that judges validations, before the first one.
std::optional<NamedNumber> headlineOf(const RunSetup& setup) {
  const auto measure = measureFor(setup);
  if (!measure) return std::nullopt;
  NamedNumber headline = measure->result().headline();
  headline.value = -1;
  return headline;
}

/// Whole steps, at least one.
int64_t stepsIn(double epochs, const RunSetup& setup) {
  return std::max<int64_t>(1, std::llround(epochs * static_cast<double>(setup.stepsPerEpoch)));
}

/// The names of all numbers that a line of metrics may hold.
std::vector<std::string> columnsOf(const RunSetup& setup) {
  std::vector<std::string> columns{
      "step",   "epoch",         "loss",      "lr", "grad_norm", "images_per_second", "data_wait_percent",
      "memory", "skipped_steps", "bad_images"};
  if (setup.trainer->deviceMemory()) columns.emplace_back("device_memory");
  if (setup.world->size() > 1) columns.insert(columns.end(), {"communication_percent", "hidden_percent"});
  if (const auto measure = measureFor(setup))
    for (const NamedNumber& number : measure->result().numbers)
      columns.push_back(std::string("val_") + number.name);
  return columns;
}

}  // namespace

TrainingRun::TrainingRun(RunSetup setup)
    : setup_(std::move(setup)),
      folder_(setup_.toKeep(), setup_.world->rank() == 0),
      nonFinite_(folder_, *setup_.train, config_.optim.maxNonFinite, setup_.world),
      badImages_(folder_, world_, [this](size_t skipped) { return pipeline_.badImagesFrom(skipped); }),
      watched_(picturesToWatch(setup_)),
      step_(setup_.firstStep),
      savedStep_(setup_.resumed.empty() ? -1 : step_),
      headline_(headlineOf(setup_)),
      best_(setup_.best),
      bestStep_(setup_.bestStep),
      bestAt_(bestStep_ >= 0 ? bestStep_ : step_) {
  folder_.attempt([&] { keepMachine(folder_.path(), config_); });
  if (!setup_.resumed.empty()) {
    folder_.rewind(step_);
    folder_.say(fmt::format("resumes {} at step {}", setup_.resumed, step_));
  }
  folder_.tabulate(columnsOf(setup_));
}

/// Judged by steps alone, because a resumed run must stop where the undisturbed one would.
bool TrainingRun::stopsEarly() const {
  if (config_.run.earlyStop == 0 || best_ < 0) return false;
  return (step_ - bestAt_) / stepsIn(config_.run.validateEpochs, setup_) >= config_.run.earlyStop;
}

bool TrainingRun::due(double everyEpochs) const {
  return (step_ - setup_.epochZero) % stepsIn(everyEpochs, setup_) == 0 || step_ == setup_.totalSteps;
}

double TrainingRun::epochAfter(int64_t steps) const {
  return static_cast<double>(steps - setup_.epochZero) / static_cast<double>(setup_.stepsPerEpoch);
}

int TrainingRun::run(bool json) {
  catchInterrupts();
  folder_.say(fmt::format("{} images, {} steps per epoch, {} steps in all", setup_.train->size(),
                          setup_.stepsPerEpoch, setup_.totalSteps));
  try {
    train();
    settle();
  } catch (const std::exception& e) {
    progress_.reset();
    badImages_.finish(/*together=*/false);
    folder_.note(fmt::format("error: {}", e.what()));
    throw;
  }
  pipeline_.stop();
  badImages_.finish(/*together=*/true);
  if (step_ != savedStep_) saveCheckpoint();
  progress_.reset();
  if (wanted(kInterrupt | kTerminate)) {
    folder_.say(fmt::format("interrupted after step {}; --resume auto goes on from there", step_));
    return exitCodeOf(requests_);
  }
  finish(json);
  return kDone;
}

void TrainingRun::train() {
  progress_.emplace(runTaskOf(config_.run.task).verb, setup_.totalSteps, step_);
  pipeline_.start(step_, setup_.totalSteps, setup_.epochZero);
  std::future<uint32_t> agreed;
  while (!wanted(kInterrupt | kTerminate) && !stopsEarly()) {
    const Pipeline::Lease batch = nextBatch();
    if (!batch) return;
    nonFinite_.remember(*batch);
    if (batch->accumulation.part == 0)
      agreed = world_.agree(ownRequests());  // all processes stop after the same step
    if (const auto report = trainer_.step(*batch)) account(*report);
    if (batch->accumulation.part + 1 < batch->accumulation.parts) continue;
    ++step_;
    requests_ = agreed.get();
    afterStep();
  }
}

/// The first process says when time has come for a checkpoint, because the clocks of all are not the same.
uint32_t TrainingRun::ownRequests() const {
  const bool late = world_.rank() == 0 && secondsSince(savedAt_) > 60 * config_.run.checkpointMinutes;
  return takeRequests() | (late ? uint32_t{kCheckpoint} : 0);
}

void TrainingRun::settle() {
  if (const auto report = trainer_.flush()) account(*report);
}

Pipeline::Lease TrainingRun::nextBatch() {
  try {
    return pipeline_.next();
  } catch (const Error&) {  // too many bad images, usually: what has been learned is kept
    settle();
    if (step_ != savedStep_) saveCheckpoint();
    throw;
  }
}

void TrainingRun::afterStep() {
  const bool validates = headline_ && setup_.val && due(config_.run.validateEpochs);
  const bool saves = due(config_.run.checkpointEpochs) || wanted(kCheckpoint) || bestIsNew_;
  if (validates || saves) settle();
  if (validates) meter_.pauseFor([&] { validate(); });
  if (watched_.count > 0 && due(config_.run.pictureEpochs)) meter_.pauseFor([&] { logPictures(); });
  // Not among steps that are skipped: a resumed run must count the same number of them in a row.
  if ((saves || bestIsNew_) && nonFinite_.inARow() == 0) saveCheckpoint();
  progress_->update(step_, details_);
}

/// The report of a step, which need not be the newest: everything that is said of a step is said here.
void TrainingRun::account(const StepReport& report) {
  loss_ = report.loss;
  meter_.add(report, int64_t{config_.data.batch} * config_.optim.accumulate);
  if (report.skipped)
    progress_->note(
        fmt::format("step {}: loss or gradient is not finite, the step was skipped", report.step + 1));
  nonFinite_.check(report);
  const int64_t done = report.step + 1;
  const bool logs = done % config_.run.logSteps == 0 || done == setup_.totalSteps;
  lookForBadImages(logs);
  if (logs) logMetrics(report);
}

void TrainingRun::lookForBadImages(bool together) {
  const std::string sentence = badImages_.update(together);
  if (sentence.empty() || world_.rank() > 0) return;
  progress_->note(sentence);
  folder_.note(sentence);
}

void TrainingRun::logMetrics(const StepReport& report) {
  const StepMeter::Reading reading = meter_.read(pipeline_.stats().waitForBatch.seconds);
  boost::json::object metrics{{"step", report.step + 1},
                              {"epoch", epochAfter(report.step + 1)},
                              {"loss", reading.loss},
                              {"lr", report.lr},
                              {"grad_norm", report.gradNorm},
                              {"images_per_second", reading.imagesPerSecond},
                              {"data_wait_percent", reading.dataWaitPercent},
                              {"memory", peakMemoryMb()},
                              {"skipped_steps", nonFinite_.count()},
                              {"bad_images", badImages_.count()}};
  if (const auto memory = trainer_.deviceMemory()) metrics["device_memory"] = inMegabytes(memory->peak);
  if (world_.size() > 1) addTraffic(metrics, reading.seconds);
  folder_.log(std::move(metrics));
  details_ = fmt::format("loss {:.4f}  lr {:.2e}  {:.0f} img/s  data wait {:.0f}%", reading.loss, report.lr,
                         reading.imagesPerSecond, reading.dataWaitPercent);
  if (headline_ && headline_->value >= 0)
    details_ += fmt::format("  {} {:.1f}%", headline_->title, 100 * headline_->value);
}

/// Adding up gradients: its share of the time, and how much of that is hidden behind the backward pass.
void TrainingRun::addTraffic(boost::json::object& metrics, double seconds) {
  const World::Traffic now = world_.traffic(), before = std::exchange(traffic_, now);
  const double communicating = now.communicating - before.communicating, waited = now.waited - before.waited;
  metrics["communication_percent"] = 100 * communicating / seconds;
  metrics["hidden_percent"] = communicating > 0 ? 100 * std::max(0.0, 1 - waited / communicating) : 0;
}

void TrainingRun::validate() {
  const auto measure = measureFor(setup_);
  evaluate(
      setup_.val, config_, [this](const Batch& batch) { return trainer_.answers(batch); }, *measure, world_);
  const Measured measured = measure->result();
  headline_ = measured.headline();
  bestIsNew_ = headline_->value > best_;
  best_ = std::max(best_, headline_->value);
  if (bestIsNew_) bestAt_ = step_;
  boost::json::object metrics{{"step", step_}};
  for (const NamedNumber& number : measured.numbers)
    metrics[std::string("val_") + number.name] = number.value;
  folder_.log(std::move(metrics));
  if (!bestIsNew_) return;
  folder_.attempt([&] { keepEvaluation(folder_.path(), {step_, config_.data.val, *setup_.val, measured}); });
}

/// Always the same pictures under the same mask, so that sheets can be compared.
void TrainingRun::logPictures() {
  folder_.logPicture("reconstruction", step_, reconstructionSheet(trainer_, watched_, config_.run.seed));
}

void TrainingRun::saveCheckpoint() {
  if (world_.rank() > 0) return;
  CheckpointInfo info;
  info.config = setup_.toKeep();
  info.labels = setup_.train->labels();
  info.step = step_;
  info.epoch = epochAfter(step_);
  info.dataFingerprint = setup_.train->fingerprint();
  info.best = best_;
  if (bestIsNew_) bestStep_ = step_;
  info.bestStep = bestStep_;
  const std::string path = folder_.checkpoint(step_);
  writeCheckpoint(path, trainer_.state(), info);
  folder_.link(path, "last");
  if (bestIsNew_) folder_.link(path, "best");
  bestIsNew_ = false;
  pruneCheckpoints(folder_.path(), config_.run.keep);
  savedStep_ = step_;
  savedAt_ = Clock::now();
}

void TrainingRun::finish(bool json) {
  if (badImages_.count() > 0)
    folder_.say(
        fmt::format("{} images could not be used: {}/bad_images.jsonl", badImages_.count(), folder_.path()));
  if (stopsEarly() && step_ < setup_.totalSteps)
    folder_.say(fmt::format("ends early: {} validations without a better one than after step {}",
                            config_.run.earlyStop, bestAt_));
  folder_.say(bottleneck(pipeline_.stats()));
  const std::string checkpoint =
      folder_.linked() ? folder_.path() + "/checkpoints/last" : folder_.checkpoint(savedStep_);
  boost::json::object result{{"steps", step_},
                             {"loss", finiteOrNull(loss_)},
                             {"checkpoint", checkpoint},
                             {"bad_images", badImages_.count()},
                             {"skipped_steps", nonFinite_.count()}};
  std::string sentence = fmt::format("{} steps done", step_);
  if (std::isfinite(loss_)) sentence += fmt::format(", loss {:.4f}", loss_);
  if (headline_ && headline_->value >= 0) {
    result[headline_->name] = headline_->value;
    sentence += fmt::format(", {} (best {:.2f} %)", textOf(*headline_), 100 * best_);
  }
  if (headline_ && best_ >= 0) result[std::string("best_") + headline_->name] = best_;
  sentence += "; " + checkpoint;
  folder_.note(sentence);
  if (world_.rank() > 0) return;
  std::cout << (json ? jsonText(result) : sentence) << std::endl;
  if (std::cout) return;
  __fpurge(stdout);  // or it would be tried again at the end
  std::cout.clear();
  folder_.say("warning: standard output cannot be written; the result is in train.log");
}

}  // namespace cv::mixmim
