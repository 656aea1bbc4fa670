#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include <fmt/format.h>

#include "data_pipeline/mix.hpp"
#include "data_pipeline/mixture.hpp"
#include "data_pipeline/pipeline.hpp"
#include "evaluation/trainer_scores.hpp"
#include "inputs/classifier_options.hpp"
#include "inputs/data_source.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/timing.hpp"
#include "terminal/usage.hpp"
#include "verbs/recipe_option.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

json::object percentiles(const StageStats& stage) {
  return {{"count", stage.count},
          {"mean_ms", 1000 * stage.mean()},
          {"p50_ms", 1000 * stage.percentile(0.5)},
          {"p90_ms", 1000 * stage.percentile(0.9)},
          {"p99_ms", 1000 * stage.percentile(0.99)}};
}

json::object toJson(const PipelineStats& stats, const Source& source) {
  const auto perImage = [&](const StageStats& stage) {
    return 1000 * stage.seconds / static_cast<double>(std::max<int64_t>(1, stats.images));
  };
  const std::pair<const char*, const StageStats*> stages[] = {{"read", &stats.read},
                                                              {"decode", &stats.decode},
                                                              {"resize", &stats.resize},
                                                              {"augment", &stats.augment},
                                                              {"mix", &stats.mix}};
  json::object perStage, times;
  for (const auto& [name, stage] : stages) {
    perStage[name] = perImage(*stage);
    times[name] = percentiles(*stage);
  }
  times["wait_for_batch"] = percentiles(stats.waitForBatch);
  times["wait_for_buffer"] = percentiles(stats.waitForBuffer);
  json::array slowest;
  for (const SlowSample& sample : stats.slowest)
    slowest.push_back({{"path", source.place(sample.index)}, {"ms", 1000 * sample.seconds}});
  return {{"images_per_second", static_cast<double>(stats.images) / stats.seconds},
          {"threads", stats.threads},
          {"readers", stats.readers},
          {"stages", perStage},
          {"times", times},
          {"megabytes_per_second", static_cast<double>(stats.bytes) / stats.seconds / 1e6},
          {"worker_busy_percent", 100 * stats.workerBusy()},
          {"data_wait_percent", 100 * stats.dataWait()},
          {"ring_fill_percent", 100 * stats.ringFill()},
          {"slowest", slowest},
          {"bad", stats.bad},
          {"bottleneck", bottleneck(stats)}};
}

/// Batches that nobody trains on: the speed of the pipeline alone.
json::object benchPipeline(const Config& config, Recipe recipe, double seconds) {
  const auto start = Clock::now();
  const auto source = openTrainingData(config.data, Classes::kUnused);
  Config run = config;
  run.data.batch = static_cast<int>(std::min<int64_t>(config.data.batch, source->size()));
  Pipeline pipeline(source, {run, recipe, {}});
  pipeline.start(0, int64_t{1} << 40);
  pipeline.next();
  const double firstBatch = secondsSince(start);
  for (int i = 0; i < run.data.ring; ++i) pipeline.next();  // warm-up: buffers, file cache
  const PipelineStats before = pipeline.stats();
  const auto measured = Clock::now();
  while (secondsSince(measured) < seconds) pipeline.next();
  json::object result = toJson(pipeline.stats().since(before), *source);
  pipeline.stop();
  result["first_batch_ms"] = 1000 * firstBatch;
  result["peak_memory_mb"] = peakMemoryMb();
  return result;
}

/// A full batch of noise with a label per image.
Batch noise(Trainer& trainer) {
  const Config& config = trainer.config();
  Batch batch;
  batch.count = config.data.batch;
  batch.images = trainer.allocate(batch.count);
  cv::theRNG().state = 1;
  cv::randu(batch.images, 0, 256);
  batch.classTargets.create(batch.count, 1, CV_32S);
  cv::randu(batch.classTargets, 0, config.model.classes);
  batch.labelTargets.create(batch.count, std::max(1, config.model.classes), CV_8U);
  cv::randu(batch.labelTargets, 0, 2);
  return batch;
}

/// Draws what every batch has of its own: the mask, or the mixture.
void mixAnew(Batch& batch, const Config& config) {
  const auto drawn = [&](Purpose purpose) {
    return Rng(config.run.seed, static_cast<uint64_t>(batch.step), 0, purpose);
  };
  batch.key = batch.step;
  switch (config.run.task) {
    case Task::kPretrain: {
      Rng rng = drawn(Purpose::kMask);
      drawMask(cellsOf(config.model), config.mix, rng, batch.mixing.mask);
      break;
    }
    case Task::kFinetune: {
      Rng rng = drawn(Purpose::kMixture);
      batch.mixing.mixture = drawMixture(config.model.imageSize, config.mix, rng);
      break;
    }
  }
}

/// Optimiser steps on the same noise under changing masks or mixtures: the speed of the trainer alone.
json::object benchTrain(Config config, double seconds) {
  constexpr int kClassesOfImageNet = 1000;
  if (config.model.classes == 0) config.model.classes = kClassesOfImageNet;
  const auto trainer = createTrainer(config);
  Batch batch = noise(*trainer);
  const auto stepOnce = [&] {
    mixAnew(batch, config);
    trainer->step(batch);
    ++batch.step;
  };
  stepOnce();
  trainer->flush();  // what a device does only once is not in the time of the others
  const std::vector<double> ms = timesOf(seconds, stepOnce);
  trainer->flush();
  const double step = median(ms);
  const int n = batch.count;
  json::object result{{"ms_per_step", step},
                      {"images_per_second", 1000 * n / step},
                      {"batch", n},
                      {"model", config.model.name},
                      {"device", config.run.device},
                      {"threads", config.run.threads},
                      {"stages", json::object{{"step", step}}},
                      {"steps", ms.size()},
                      {"peak_memory_mb", peakMemoryMb()}};
  if (const auto memory = trainer->deviceMemory()) {
    result["device_peak_memory_mb"] = inMegabytes(memory->peak);
    result["device_memory_mb"] = inMegabytes(memory->total);
  }
  return result;
}

json::object benchPredict(const std::string& model, int batch, double seconds,
                          const ClassifierOptions& options) {
  const auto before = Clock::now();
  const auto classifier = Classifier::create(model, options);
  const double load = 1000 * secondsSince(before);
  const std::vector<cv::Mat> pictures = testPictures(batch, classifier->inputSize());
  const std::vector<double> ms = timesOf(seconds, [&] { classifier->classifyBatch(pictures); });
  const auto [least, most] = std::minmax_element(ms.begin(), ms.end());
  return {{"ms_median", median(ms)},
          {"ms_min", *least},
          {"ms_max", *most},
          {"batch", batch},
          {"threads", cv::getNumThreads()},
          {"load_ms", load},
          {"peak_memory_mb", peakMemoryMb()}};
}

std::string text(const json::value& value) {
  if (value.is_double()) return fmt::format("{:.4g}", value.as_double());
  if (value.is_string()) return std::string(value.as_string());
  if (!value.is_object()) return jsonText(value);
  std::string line;
  for (const auto& [key, number] : value.as_object())
    line += fmt::format("{}{} {}", line.empty() ? "" : "  ", std::string(key), text(number));
  return line;
}

/// Two levels of names in a column, numbers beside them.
void print(const json::object& result) {
  for (const auto& [name, value] : result) {
    if (const json::array* list = value.if_array()) {
      std::cout << std::string(name) << '\n';
      for (const json::value& entry : *list) std::cout << "  " << text(entry) << '\n';
    } else if (const json::object* table = value.if_object()) {
      std::cout << std::string(name) << '\n';
      for (const auto& [key, number] : *table)
        std::cout << fmt::format("  {:<18} {}\n", std::string(key), text(number));
    } else {
      std::cout << fmt::format("{:<20} {}\n", std::string(name), text(value));
    }
  }
}

CommandLine commandLine(const Arguments& arguments) {
  const Recipe recipe = recipeNamed(said(arguments, "recipe")).value_or(Recipe::kPretrain);
  CommandLine line(
      "bench", "Measures one part alone: pipeline (images to batches), train (steps on one batch), predict.",
      "pipeline|train|predict [OPTION...]    (predict: --model model.onnx)",
      "mixmim bench pipeline --data photos/train --threads 2 --seconds 10");
  line.option("seconds", "How long to measure.", "10", "s")
      .choice("recipe", "Of pipeline and train: pretrain or finetune.", "pretrain", {"pretrain", "finetune"})
      .flag("json", "Print the result as one JSON object.")
      .settings(taskOf(recipe))
      .words("PART", {"pipeline", "train", "predict"});
  addClassifierOptions(line);
  return line;
}

int run(const CommandLine& line) {
  const auto recipe = recipeNamed(line.get("recipe"));
  if (!recipe || *recipe == Recipe::kEval)
    throw UsageError(fmt::format("--recipe: expected pretrain or finetune, got '{}'", line.get("recipe")));
  if (line.words().size() != 1) throw UsageError("mixmim bench: expected one of pipeline, train, predict");
  const std::string part = line.words().front();
  const double seconds = line.number("seconds", 1, 86400);
  if (part != "predict") refuseClassifierOptions(line, "only for mixmim bench predict");
  json::object result;
  if (part == "predict") {
    const std::string model = line.setting("model"), batch = line.setting("batch");
    if (model.empty()) throw UsageError("mixmim bench predict: --model model.onnx is needed");
    constexpr int kLargestBatch = 4096;
    const int images = batch.empty() ? 1 : CommandLine::wholeNumber("batch", batch, 1, kLargestBatch);
    const std::string threads = line.setting("threads");
    if (!threads.empty()) computeOn(CommandLine::wholeNumber("threads", threads, 0, 1024));
    result = benchPredict(model, images, seconds, classifierOptionsOf(line));
  } else if (part == "pipeline" || part == "train") {
    const Config config = line.config();
    if (part == "pipeline" && config.data.train.empty())
      throw UsageError("mixmim bench pipeline: --data is needed");
    result = part == "pipeline" ? benchPipeline(config, *recipe, seconds) : benchTrain(config, seconds);
  } else {
    throw UsageError(fmt::format("mixmim bench: expected one of pipeline, train, predict, got '{}'", part));
  }
  if (line.has("json"))
    std::cout << jsonText(result) << '\n';
  else
    print(result);
  return kDone;
}

}  // namespace

Verb benchVerb() {
  return {"bench", "measure the pipeline, training or prediction", commandLine, run};
}

}  // namespace cv::mixmim
