#include "run/run_setup.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "inputs/class_match.hpp"
#include "inputs/data_choices.hpp"
#include "inputs/data_source.hpp"
#include "model_io/open_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "processes/processes.hpp"
#include "run/run_folder.hpp"
#include "run/run_task.hpp"

namespace cv::mixmim {

namespace {

void say(const std::string& text) {
  std::cerr << text << '\n';
}

/// A pretraining mask of 2 x 2 cells teaches little.
void warnAboutCoarseMask(const Config& config) {
  const cv::Size cells = cellsOf(config.model);
  if (config.run.task != Task::kPretrain || cells.area() > 4) return;
  say(
      fmt::format("warning: {} px images under a stride of {} px have a mask of only {} x {} cells, which "
                  "teaches little; --model small has a stride of 16 px",
                  sizeText(config.model.imageSize), strideOf(config.model), cells.height, cells.width));
}

/// A head on top of random features.
void warnAboutFrozenNoise(const Config& config) {
  if (config.optim.freeze && config.run.init.empty() && config.run.resume.empty())
    say("warning: optim.freeze without weights to start from keeps a random encoder; --init names some");
}

/// The learning rate of such a run never reaches its peak.
void warnAboutLongWarmup(const OptimConfig& optim) {
  if (optim.warmupEpochs == 0 || optim.warmupEpochs < optim.epochs) return;
  say(fmt::format(
      "warning: a warm-up of {:g} epochs in a run of {:g}: the learning rate never reaches its peak; "
      "--optim.warmupEpochs sets another",
      optim.warmupEpochs, optim.epochs));
}

void sayHowWeightsWereUsed(const std::string& path, const LoadReport& report) {
  say("starts from " + path);
  const auto sayWhich = [](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) say(what + firstFew(names, 3));
  };
  sayWhich("  interpolated to this image size: ", report.resized);
  sayWhich("  not in the file, drawn anew: ", report.missing);
  sayWhich("  not used here: ", report.unused);
}

Classes classesOf(const Config& config) {
  return runTaskOf(config.run.task).needsClasses ? Classes::kNeeded : Classes::kUnused;
}

void openTraining(RunSetup& run) {
  Config& config = run.config;
  if (config.data.train.empty())
    throw Error("data.train", "a run needs training images", "name them with --data SRC");
  run.train = openTrainingData(config.data, classesOf(config));
  if (!runTaskOf(config.run.task).needsClasses) return;
  const std::vector<std::string>& labels = run.train->labels();
  if (labels.size() == 1)
    throw Error(
        config.data.train,
        fmt::format("all pictures have one class, '{}', so there is nothing to tell apart", labels[0]),
        "name a data set with at least two classes");
  if (run.train->hasSeveralLabels() && config.model.labels == Labelling::kOne) {
    say(config.data.train +
        ": pictures with several labels, so each label is learned by itself (model.labels several)");
    config.model.labels = Labelling::kSeveral;
  }
  if (config.model.classes == 0) config.model.classes = static_cast<int>(labels.size());
  if (config.model.classes != static_cast<int>(labels.size()))
    throw Error("model.classes",
                fmt::format("expected {} as in the data, got {}", labels.size(), config.model.classes));
}

/// Fills in the defaults that wait for the number of pictures.
void chooseDefaults(RunSetup& run, const RunRequest& request, int processes) {
  const auto images = static_cast<int64_t>(run.train->size());
  run.choices = followData(request, {images, processes}, run.config);
  std::cerr << choicesText(run.choices, images, runTaskOf(run.config.run.task).verb);
}

void openValidation(RunSetup& run) {
  const DataConfig& data = run.config.data;
  if (run.config.run.earlyStop > 0 && (data.val.empty() || !runTaskOf(run.config.run.task).needsClasses))
    throw Error("run.earlyStop", "needs validations, and there are none", "give a fine-tuning --val SRC");
  if (data.val.empty()) return;
  run.val = openValidationData(data, classesOf(run.config));
  if (runTaskOf(run.config.run.task).needsClasses)
    run.val = withClassesOf({run.train->labels(), false, run.config.model.labels}, run.val, data.val,
                            readClassMap(data.classMap));
}

/// Sets `resumed` if there is something to resume, and then the number of batches per step if it was left
/// open: it is that of the run, however many processes shared them then and share them now.
void findCheckpoint(RunSetup& run, Repair repair) {
  Config& config = run.config;
  if (config.run.resume.empty()) return;
  run.resumed = checkpointToResume(config, repair);
  if (run.resumed.empty()) {
    say("nothing to resume in " + config.run.out + ", a new run begins");
  } else if (weightsKindOf(run.resumed) == WeightsKind::kPth) {
    say(run.resumed + ": the settings of this command count, they are not compared with those of its run");
  } else {
    const CheckpointInfo info = readCheckpointInfo(run.resumed);
    if (config.optim.accumulate == 0) config.optim.accumulate = info.config.optim.accumulate;
    checkSameRun(config, info, run.train->fingerprint());
    checkSchedule(config, info);
  }
}

/// Gives all processes what rank 0 knows from the checkpoint.
void shareStart(RunSetup& run) {
  int& accumulate = run.config.optim.accumulate;
  if (accumulate == 0) accumulate = run.world->size();
  const boost::json::object own{{"resumed", run.resumed},    {"step", run.firstStep},
                                {"epoch", run.firstEpoch},   {"best", run.best},
                                {"best_step", run.bestStep}, {"accumulate", accumulate}};
  const std::string first = run.world->gather(jsonText(own)).front();
  const boost::json::value start = boost::json::parse(first);
  run.resumed = start.at("resumed").as_string().c_str();
  run.firstStep = start.at("step").to_number<int64_t>();
  run.firstEpoch = start.at("epoch").to_number<double>();
  run.best = start.at("best").to_number<double>();
  run.bestStep = start.at("best_step").to_number<int64_t>();
  accumulate = start.at("accumulate").to_number<int>();
  copyFromFirst(*run.world, *run.trainer);
}

/// Some processes then wait for others in every step.
void warnAboutUnevenShares(const RunSetup& run) {
  const int batches = run.config.optim.accumulate, processes = run.world->size();
  if (batches % processes == 0) return;
  say(fmt::format(
      "warning: the {} batches of a step cannot be shared evenly by {} processes; a step takes as long as "
      "{} batches",
      batches, processes, (batches + processes - 1) / processes));
}

void warnAboutSlowSums(const World& world) {
  const std::string notice = world.notice();
  if (!notice.empty()) say("warning: " + notice);
}

void loadWeights(RunSetup& run) {
  const std::string& init = run.config.run.init;
  if (!run.resumed.empty()) {
    const CheckpointInfo info = readCheckpointInfo(run.resumed);
    run.trainer->restore(readTrainerState(run.resumed));
    run.firstStep = info.step;
    run.firstEpoch = weightsKindOf(run.resumed) == WeightsKind::kPth ? -1 : info.epoch;
    run.best = info.best;
    run.bestStep = info.bestStep;
  } else if (init.empty()) {
    say("starts from random weights");
  } else {
    sayNotes(init);
    sayHowWeightsWereUsed(init, run.trainer->initialise(readWeights(init, run.config.model)));
  }
}

/// The whole steps in so many epochs. They are whole numbers where the batch size has not changed, as far as
/// a double can tell; else a part of a step is done again.
int64_t stepsIn(double epochs, int64_t stepsPerEpoch) {
  constexpr double kRounding = 1e-6;
  return static_cast<int64_t>(std::floor(epochs * static_cast<double>(stepsPerEpoch) + kRounding));
}

/// All processes at the same step, with the same weights.
void startTogether(RunSetup& run, Repair repair) {
  checkAllAlike(*run.world, run.config, run.train->fingerprint());
  if (run.world->rank() == 0) {
    findCheckpoint(run, repair);
    loadWeights(run);
  }
  shareStart(run);
}

}  // namespace

RunSetup setUpRun(const RunRequest& request, const Launch& launch, Repair repair) {
  RunSetup run;
  run.config = request.config;
  run.given = run.config.run;
  takeOwnShare(run.config, launch);
  warnAboutCoarseMask(run.config);
  openTraining(run);
  chooseDefaults(run, request, launch.size);
  warnAboutLongWarmup(run.config.optim);
  warnAboutFrozenNoise(run.config);
  openValidation(run);
  run.trainer = createTrainer(run.config);
  run.world = joinOthers(*run.trainer, launch);
  try {
    startTogether(run, repair);
  } catch (const std::exception& e) {
    run.world->fail(e.what());
    throw;
  }
  warnAboutUnevenShares(run);
  warnAboutSlowSums(*run.world);
  const auto allocate = [trainer = run.trainer.get()](int batch) { return trainer->allocate(batch); };
  run.pipeline = std::make_unique<Pipeline>(
      run.train,
      PipelineOptions{run.config, runTaskOf(run.config.run.task).recipe, allocate, launch.rank, launch.size});
  run.stepsPerEpoch = run.pipeline->stepsPerEpoch();
  if (run.firstEpoch >= 0) run.epochZero = run.firstStep - stepsIn(run.firstEpoch, run.stepsPerEpoch);
  run.totalSteps =
      run.epochZero + std::llround(run.config.optim.epochs * static_cast<double>(run.stepsPerEpoch));
  return run;
}

}  // namespace cv::mixmim
