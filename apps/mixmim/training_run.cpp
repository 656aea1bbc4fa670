#include "apps/mixmim/training_run.hpp"

#include <sys/resource.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/data_source.hpp"
#include "apps/mixmim/interrupt.hpp"
#include "apps/mixmim/verb.hpp"
#include "model_io/pth.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/geometry.hpp"

namespace cv::mixmim {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double peakMemoryMb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void say(const std::string& text) {
  std::cerr << text << '\n';
}

/// A pretraining mask of 2 x 2 cells teaches little.
void warnAboutCoarseMask(const Config& config) {
  const Geometry geometry = geometryOf(config.model);
  if (config.run.task != Task::kPretrain || geometry.cells > 2) return;
  say(
      fmt::format("warning: {} px images under a stride of {} px have a mask of only {} x {} cells, which "
                  "teaches little; "
                  "--model small has a stride of 16 px",
                  geometry.imageSize, geometry.stride, geometry.cells, geometry.cells));
}

/// "a, b, c and 12 more"
std::string shortList(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) text += (i ? ", " : "") + names[i];
  return names.size() > kShown ? fmt::format("{} and {} more", text, names.size() - kShown) : text;
}

void sayHowWeightsWereUsed(const std::string& path, const LoadReport& report) {
  say("starts from " + path);
  if (!report.resized.empty()) say("  interpolated to this image size: " + shortList(report.resized));
  if (!report.missing.empty()) say("  not in the file, drawn anew: " + shortList(report.missing));
  if (!report.unused.empty()) say("  not used here: " + shortList(report.unused));
}

}  // namespace

TrainingRun::TrainingRun(Config config) : config_(std::move(config)) {
  openData();
  std::string checkpoint;
  if (!config_.run.resume.empty()) {
    checkpoint = checkpointToResume(config_);
    if (checkpoint.empty())
      say("nothing to resume in " + config_.run.out + ", a new run begins");
    else if (isPthName(checkpoint))
      say(checkpoint + ": the settings of this command count, they are not compared with those of its run");
    else
      checkSameRun(config_, readCheckpointInfo(checkpoint), train_->fingerprint());
  }
  trainer_ = createTrainer(config_);
  const Recipe recipe = config_.run.task == Task::kPretrain ? Recipe::kPretrain : Recipe::kFinetune;
  pipeline_ = std::make_unique<Pipeline>(
      train_, PipelineOptions{config_, recipe, [this](int batch) { return trainer_->allocate(batch); }});
  stepsPerEpoch_ = pipeline_->stepsPerEpoch();
  totalSteps_ = std::llround(config_.optim.epochs * static_cast<double>(stepsPerEpoch_));
  if (checkpoint.empty()) startWeights();
  folder_ = std::make_unique<RunFolder>(config_);
  if (!checkpoint.empty()) resume(checkpoint);
}

void TrainingRun::openData() {
  warnAboutCoarseMask(config_);
  if (config_.data.train.empty())
    throw Error("data.train", "a run needs training images", "name them with --data SRC");
  train_ = openAndReport(config_.data.train, config_.data.imagesPerClass);
  if (config_.run.task == Task::kPretrain) return;
  const std::vector<std::string>& labels = train_->labels();
  if (labels.empty())
    throw Error(config_.data.train, "fine-tuning needs labels, this folder has none",
                "expected one subfolder per class");
  if (config_.model.classes == 0) config_.model.classes = static_cast<int>(labels.size());
  if (config_.model.classes != static_cast<int>(labels.size()))
    throw Error("model.classes",
                fmt::format("expected {} as in the data, got {}", labels.size(), config_.model.classes));
  if (config_.data.val.empty()) return;
  val_ = openAndReport(config_.data.val);
  checkLabels(config_.data.val, val_->labels(), labels);
}

void TrainingRun::startWeights() {
  sayNotes(config_.run.init);
  if (config_.run.init.empty())
    say("starts from random weights");
  else
    sayHowWeightsWereUsed(config_.run.init, trainer_->initialise(readWeights(config_.run.init)));
}

void TrainingRun::resume(const std::string& checkpoint) {
  const CheckpointInfo info = readCheckpointInfo(checkpoint);
  trainer_->restore(readTrainerState(checkpoint));
  step_ = savedStep_ = info.step;
  bestTop1_ = info.bestTop1;
  folder_->rewindLog(step_);
  folder_->say(fmt::format("resumes {} at step {}", checkpoint, step_));
}

bool TrainingRun::due(double everyEpochs) const {
  const auto every = std::max<int64_t>(1, std::llround(everyEpochs * static_cast<double>(stepsPerEpoch_)));
  return step_ % every == 0 || step_ == totalSteps_;
}

int TrainingRun::run(bool json) {
  catchInterrupts();
  folder_->say(fmt::format("{} images, {} steps per epoch, {} steps in all", train_->size(), stepsPerEpoch_,
                           totalSteps_));
  progress_ = std::make_unique<Progress>(config_.run.task == Task::kPretrain ? "pretrain" : "finetune",
                                         totalSteps_, step_);
  pipeline_->start(step_, totalSteps_);
  StepReport report;
  while (interruptSignal() == 0) {
    const Pipeline::Lease batch = nextBatch();
    if (!batch) break;
    report = trainer_->step(*batch);
    if (batch->part + 1 < batch->parts) continue;
    ++step_;
    account(report);
    if (step_ % config_.run.logSteps == 0 || step_ == totalSteps_) logMetrics(report);
    if (val_ && due(config_.run.validateEpochs)) validate();
    const bool late = secondsSince(savedAt_) > 60 * config_.run.checkpointMinutes;
    if (due(config_.run.checkpointEpochs) || late || bestIsNew_) saveCheckpoint();
    progress_->update(step_, details_);
  }
  pipeline_->stop();
  folder_->writeBadImages(pipeline_->badImages());
  if (step_ != savedStep_) saveCheckpoint();
  progress_.reset();
  if (interruptSignal() != 0) {
    folder_->say(fmt::format("interrupted after step {}; --resume auto goes on from there", step_));
    return interruptExitCode();
  }
  finish(json, report);
  return kDone;
}

Pipeline::Lease TrainingRun::nextBatch() {
  try {
    return pipeline_->next();
  } catch (const Error&) {  // too many bad images, usually: what has been learned is kept
    progress_.reset();
    folder_->writeBadImages(pipeline_->badImages());
    if (step_ != savedStep_) saveCheckpoint();
    throw;
  }
}

void TrainingRun::account(const StepReport& report) {
  ++interval_.steps;
  interval_.images += int64_t{config_.data.batch} * config_.optim.accumulate;
  interval_.loss += report.loss;
  nonFinite_ = report.skipped ? nonFinite_ + 1 : 0;
  skippedSteps_ += report.skipped;
  if (report.skipped)
    progress_->note(
        fmt::format("step {}: loss or gradient is not finite, the step was skipped", report.step));
  if (nonFinite_ >= config_.optim.maxNonFinite)
    throw Error("training",
                fmt::format("{} steps in a row had a non-finite loss, stopped at step {}", nonFinite_, step_),
                fmt::format("{}/checkpoints/last is intact; try a lower --optim.lr or --optim.clipNorm 1",
                            folder_->path()));
}

void TrainingRun::logMetrics(const StepReport& report) {
  const double seconds = std::max(1e-9, secondsSince(interval_.start));
  const double wait = pipeline_->stats().waitForBatch.seconds;
  const double waitPercent = 100 * (wait - interval_.waitAtStart) / seconds;
  const double rate = static_cast<double>(interval_.images) / seconds;
  const double loss = interval_.loss / static_cast<double>(interval_.steps);
  boost::json::object metrics{{"step", step_},
                              {"epoch", static_cast<double>(step_) / static_cast<double>(stepsPerEpoch_)},
                              {"loss", loss},
                              {"lr", report.lr},
                              {"grad_norm", report.gradNorm},
                              {"images_per_second", rate},
                              {"data_wait_percent", waitPercent},
                              {"memory_mb", peakMemoryMb()},
                              {"skipped_steps", skippedSteps_}};
  if (!std::isfinite(loss)) metrics["loss"] = nullptr;  // JSON has no infinity
  if (!std::isfinite(report.gradNorm)) metrics["grad_norm"] = nullptr;
  folder_->log(metrics);
  details_ = fmt::format("loss {:.4f}  lr {:.2e}  {:.0f} img/s  data wait {:.0f}%", loss, report.lr, rate,
                         waitPercent);
  if (top1_ >= 0) details_ += fmt::format("  top-1 {:.1f}%", 100 * top1_);
  interval_ = {Clock::now(), wait, 0, 0, 0};
}

void TrainingRun::validate() {
  const EvaluationResult result = evaluate(val_, config_, config_.model.classes,
                                           [this](const Batch& batch) { return trainer_->logits(batch); });
  top1_ = result.top1;
  bestIsNew_ = top1_ > bestTop1_;
  bestTop1_ = std::max(bestTop1_, top1_);
  folder_->log(
      {{"step", step_}, {"val_top1", result.top1}, {"val_top5", result.top5}, {"val_loss", result.loss}});
  interval_.start = Clock::now();  // validation is not part of the training speed
  interval_.steps = interval_.images = 0;
  interval_.loss = 0;
  interval_.waitAtStart = pipeline_->stats().waitForBatch.seconds;
}

void TrainingRun::saveCheckpoint() {
  CheckpointInfo info;
  info.config = config_;
  info.labels = train_->labels();
  info.step = step_;
  info.epoch = static_cast<double>(step_) / static_cast<double>(stepsPerEpoch_);
  info.dataFingerprint = train_->fingerprint();
  info.bestTop1 = bestTop1_;
  const std::string path = folder_->checkpoint(step_);
  writeCheckpoint(path, trainer_->state(), info);
  linkCheckpoint(path, "last");
  if (bestIsNew_) linkCheckpoint(path, "best");
  bestIsNew_ = false;
  pruneCheckpoints(folder_->path(), config_.run.keep);
  savedStep_ = step_;
  savedAt_ = Clock::now();
}

void TrainingRun::finish(bool json, const StepReport& last) {
  const size_t bad = pipeline_->badImages().size();
  if (bad > 0)
    folder_->say(fmt::format("{} images could not be used: {}/bad_images.jsonl", bad, folder_->path()));
  folder_->say(bottleneck(pipeline_->stats()));
  const std::string checkpoint = folder_->path() + "/checkpoints/last";
  if (json) {
    boost::json::object result{
        {"steps", step_}, {"loss", last.loss}, {"checkpoint", checkpoint}, {"bad_images", bad}};
    if (top1_ >= 0) result["top1"] = top1_;
    if (bestTop1_ >= 0) result["best_top1"] = bestTop1_;
    std::cout << boost::json::serialize(result) << '\n';
    return;
  }
  std::cout << fmt::format("{} steps done, loss {:.4f}", step_, last.loss);
  if (top1_ >= 0) std::cout << fmt::format(", top-1 {:.2f} % (best {:.2f} %)", 100 * top1_, 100 * bestTop1_);
  std::cout << fmt::format("; {}\n", checkpoint);
}

}  // namespace cv::mixmim
