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
#include "run/kept_records.hpp"
#include "run/reconstruction_sheet.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/json_number.hpp"

namespace cv::mixmim {

namespace {

bool isPretraining(const RunSetup& setup) {
  return setup.config.run.task == Task::kPretrain;
}

/// The pictures to watch in pretraining: of --val, or else of the training images.
Batch picturesToWatch(const RunSetup& setup) {
  constexpr int kPictures = 8;
  if (!isPretraining(setup) || setup.config.run.pictureEpochs == 0 || setup.world->rank() > 0) return {};
  const Source& source = setup.val ? *setup.val : *setup.train;
  const std::vector<cv::Mat> pictures = somePictures(source, kPictures);
  return pictures.size() < 2 ? Batch() : pictureBatch(pictures, setup.config);
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
      bestTop1_(setup_.bestTop1) {
  folder_.attempt([&] { keepMachine(folder_.path(), config_); });
  if (setup_.resumed.empty()) return;
  folder_.rewind(step_);
  folder_.say(fmt::format("resumes {} at step {}", setup_.resumed, step_));
}

bool TrainingRun::due(double everyEpochs) const {
  const double steps = everyEpochs * static_cast<double>(setup_.stepsPerEpoch);
  return step_ % std::max<int64_t>(1, std::llround(steps)) == 0 || step_ == setup_.totalSteps;
}

int TrainingRun::run(bool json) {
  catchInterrupts();
  folder_.say(fmt::format("{} images, {} steps per epoch, {} steps in all", setup_.train->size(),
                          setup_.stepsPerEpoch, setup_.totalSteps));
  try {
    train();
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
  progress_.emplace(isPretraining(setup_) ? "pretrain" : "finetune", setup_.totalSteps, step_);
  pipeline_.start(step_, setup_.totalSteps);
  std::future<uint32_t> agreed;
  while (!wanted(kInterrupt | kTerminate)) {
    const Pipeline::Lease batch = nextBatch();
    if (!batch) return;
    nonFinite_.remember(*batch);
    if (batch->accumulation.part == 0)
      agreed = world_.agree(takeRequests());  // all processes stop after the same step
    const StepReport report = trainer_.step(*batch);
    if (batch->accumulation.part + 1 < batch->accumulation.parts) continue;
    ++step_;
    requests_ = agreed.get();
    afterStep(report);
  }
}

Pipeline::Lease TrainingRun::nextBatch() {
  try {
    return pipeline_.next();
  } catch (const Error&) {  // too many bad images, usually: what has been learned is kept
    if (step_ != savedStep_) saveCheckpoint();
    throw;
  }
}

void TrainingRun::afterStep(const StepReport& report) {
  account(report);
  const bool logs = step_ % config_.run.logSteps == 0 || step_ == setup_.totalSteps;
  lookForBadImages(logs);
  if (logs) logMetrics(report);
  if (!isPretraining(setup_) && setup_.val && due(config_.run.validateEpochs))
    meter_.pauseFor([&] { validate(); });
  if (watched_.count > 0 && due(config_.run.pictureEpochs)) meter_.pauseFor([&] { logPictures(); });
  const bool late = secondsSince(savedAt_) > 60 * config_.run.checkpointMinutes;
  const bool asked = wanted(kCheckpoint) || late;
  // Not among steps that are skipped: a resumed run must count the same number of them in a row.
  if ((due(config_.run.checkpointEpochs) || asked || bestIsNew_) && nonFinite_.inARow() == 0)
    saveCheckpoint();
  progress_->update(step_, details_);
}

void TrainingRun::account(const StepReport& report) {
  loss_ = report.loss;
  meter_.add(report, int64_t{config_.data.batch} * config_.optim.accumulate);
  if (report.skipped)
    progress_->note(
        fmt::format("step {}: loss or gradient is not finite, the step was skipped", report.step + 1));
  nonFinite_.check(report);
}

void TrainingRun::lookForBadImages(bool together) {
  const std::string sentence = badImages_.update(together);
  if (sentence.empty() || world_.rank() > 0) return;
  progress_->note(sentence);
  folder_.note(sentence);
}

void TrainingRun::logMetrics(const StepReport& report) {
  const StepMeter::Reading reading = meter_.read(pipeline_.stats().waitForBatch.seconds);
  boost::json::object metrics{
      {"step", step_},
      {"epoch", static_cast<double>(step_) / static_cast<double>(setup_.stepsPerEpoch)},
      {"loss", reading.loss},
      {"lr", report.lr},
      {"grad_norm", report.gradNorm},
      {"images_per_second", reading.imagesPerSecond},
      {"data_wait_percent", reading.dataWaitPercent},
      {"memory", peakMemoryMb()},
      {"skipped_steps", nonFinite_.count()},
      {"bad_images", badImages_.count()}};
  if (world_.size() > 1) addTraffic(metrics, reading.seconds);
  folder_.log(std::move(metrics));
  details_ = fmt::format("loss {:.4f}  lr {:.2e}  {:.0f} img/s  data wait {:.0f}%", reading.loss, report.lr,
                         reading.imagesPerSecond, reading.dataWaitPercent);
  if (top1_ >= 0) details_ += fmt::format("  top-1 {:.1f}%", 100 * top1_);
}

/// Adding up gradients: its share of the time, and how much of that is hidden behind the backward pass.
void TrainingRun::addTraffic(boost::json::object& metrics, double seconds) {
  const World::Traffic now = world_.traffic(), before = std::exchange(traffic_, now);
  const double communicating = now.communicating - before.communicating, waited = now.waited - before.waited;
  metrics["communication_percent"] = 100 * communicating / seconds;
  metrics["hidden_percent"] = communicating > 0 ? 100 * std::max(0.0, 1 - waited / communicating) : 0;
}

void TrainingRun::validate() {
  Mistakes mistakes;
  const auto scores = [this](const Batch& batch) { return trainer_.answers(batch).scores; };
  const EvaluationResult result =
      evaluate(setup_.val, config_, config_.model.classes, scores, world_, &mistakes);
  top1_ = result.top1;
  bestIsNew_ = top1_ > bestTop1_;
  bestTop1_ = std::max(bestTop1_, top1_);
  folder_.log(
      {{"step", step_}, {"val_top1", result.top1}, {"val_top5", result.top5}, {"val_loss", result.loss}});
  if (!bestIsNew_) return;
  folder_.attempt([&] {
    keepEvaluation(folder_.path(), {step_, config_.data.val, *setup_.val, result, mistakes});
  });
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
  info.epoch = static_cast<double>(step_) / static_cast<double>(setup_.stepsPerEpoch);
  info.dataFingerprint = setup_.train->fingerprint();
  info.bestTop1 = bestTop1_;
  const std::string path = folder_.checkpoint(step_);
  writeCheckpoint(path, trainer_.state(), info);
  linkCheckpoint(path, "last");
  if (bestIsNew_) linkCheckpoint(path, "best");
  bestIsNew_ = false;
  pruneCheckpoints(folder_.path(), config_.run.keep);
  savedStep_ = step_;
  savedAt_ = Clock::now();
}

void TrainingRun::finish(bool json) {
  if (badImages_.count() > 0)
    folder_.say(
        fmt::format("{} images could not be used: {}/bad_images.jsonl", badImages_.count(), folder_.path()));
  folder_.say(bottleneck(pipeline_.stats()));
  const std::string checkpoint = folder_.path() + "/checkpoints/last";
  boost::json::object result{{"steps", step_},
                             {"loss", finiteOrNull(loss_)},
                             {"checkpoint", checkpoint},
                             {"bad_images", badImages_.count()},
                             {"skipped_steps", nonFinite_.count()}};
  std::string sentence = fmt::format("{} steps done", step_);
  if (std::isfinite(loss_)) sentence += fmt::format(", loss {:.4f}", loss_);
  if (top1_ >= 0) {
    result["top1"] = top1_;
    sentence += fmt::format(", top-1 {:.2f} % (best {:.2f} %)", 100 * top1_, 100 * bestTop1_);
  }
  if (bestTop1_ >= 0) result["best_top1"] = bestTop1_;
  sentence += "; " + checkpoint;
  folder_.note(sentence);
  if (world_.rank() > 0) return;
  std::cout << (json ? boost::json::serialize(result) : sentence) << std::endl;
  if (std::cout) return;
  __fpurge(stdout);  // or it would be tried again at the end
  std::cout.clear();
  folder_.say("warning: standard output cannot be written; the result is in train.log");
}

}  // namespace cv::mixmim
