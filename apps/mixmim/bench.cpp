#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <iostream>

#include <fmt/format.h>

#include "apps/mixmim/command_line.hpp"
#include "apps/mixmim/data_source.hpp"
#include "apps/mixmim/trainer_scores.hpp"
#include "apps/mixmim/verb.hpp"
#include "data_pipeline/pipeline.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/geometry.hpp"
#include "opencv2/mixmim/trainer.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double peakMemoryMb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// Calls `work` until `seconds` have passed, at least three times after one warm-up; times in ms.
template <class Work>
std::vector<double> timesOf(double seconds, Work work) {
  work();
  std::vector<double> ms;
  const auto start = Clock::now();
  while (ms.size() < 3 || secondsSince(start) < seconds) {
    const auto before = Clock::now();
    work();
    ms.push_back(1000 * secondsSince(before));
  }
  return ms;
}

/// Pretraining batches with nobody training on them: the speed of the pipeline alone.
json::object benchPipeline(const Config& config, double seconds) {
  const auto source = openAndReport(config.data.train);
  Config run = config;
  run.data.batch = static_cast<int>(std::min<int64_t>(config.data.batch, source->size()));
  Pipeline pipeline(source, {run, Recipe::kPretrain, {}});
  pipeline.start(0, int64_t{1} << 40);
  for (int i = 0; i < run.data.ring; ++i) pipeline.next();  // warm-up: buffers, file cache
  const PipelineStats before = pipeline.stats();
  const auto start = Clock::now();
  int64_t images = 0;
  while (secondsSince(start) < seconds) images += pipeline.next()->count;
  const double took = secondsSince(start);
  const PipelineStats after = pipeline.stats();
  pipeline.stop();
  const auto ms = [&](double PipelineStats::*stage) {
    return 1000 * (after.*stage - before.*stage) /
           static_cast<double>(std::max<int64_t>(1, after.images - before.images));
  };
  return {{"images_per_second", static_cast<double>(images) / took},
          {"threads", after.threads},
          {"stages",
           {{"read", ms(&PipelineStats::read)},
            {"decode", ms(&PipelineStats::decode)},
            {"resize", ms(&PipelineStats::resize)},
            {"augment", ms(&PipelineStats::augment)},
            {"mix", ms(&PipelineStats::mix)}}},
          {"bad", after.bad},
          {"peak_memory_mb", peakMemoryMb()}};
}

/// Optimiser steps on one replayed batch of noise: the speed of the trainer alone.
json::object benchTrain(const Config& config, double seconds) {
  const auto trainer = createTrainer(config);
  const int n = config.data.batch;
  Batch batch;
  batch.images = trainer->allocate(n);
  cv::theRNG().state = 1;
  cv::randu(batch.images, 0, 256);
  batch.count = n;
  const int cells = geometryOf(config.model).cells;
  batch.mask = cv::Mat::zeros(cells, cells, CV_8U);
  batch.mask.colRange(0, cells / 2).setTo(1);
  const std::vector<double> ms = timesOf(seconds, [&] {
    trainer->step(batch);
    ++batch.step;
  });
  trainer->flush();
  const double step = median(ms);
  return {{"ms_per_step", step},
          {"images_per_second", 1000 * n / step},
          {"batch", n},
          {"model", config.model.name},
          {"device", config.run.device},
          {"threads", config.run.threads},
          {"stages", json::object{{"step", step}}},
          {"steps", ms.size()},
          {"peak_memory_mb", peakMemoryMb()}};
}

json::object benchPredict(const std::string& model, int batch, double seconds) {
  const auto before = Clock::now();
  const auto classifier = Classifier::create(model);
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

void print(const json::object& result) {
  for (const auto& entry : result)
    std::cout << fmt::format("{:<20} {}\n", std::string(entry.key()), json::serialize(entry.value()));
}

}  // namespace

int runBench(const Arguments& arguments) {
  CommandLine line(
      "bench", "Measures one part alone: pipeline (images to batches), train (steps on one batch), predict.",
      "pipeline|train|predict [OPTION...]    (predict: --model model.onnx)",
      "mixmim bench pipeline --data photos/train --threads 2 --seconds 10");
  line.option("seconds", "How long to measure.", "10")
      .flag("json", "Print the result as one JSON object.")
      .settings(Task::kPretrain)
      .words("PART");
  if (!line.parse(arguments)) return kDone;
  if (line.words().size() != 1) throw UsageError("mixmim bench: expected one of pipeline, train, predict");
  const std::string part = line.words().front();
  const double seconds = line.number("seconds", 1, 86400);
  json::object result;
  if (part == "predict") {
    const std::string model = line.setting("model"), batch = line.setting("batch");
    if (model.empty()) throw UsageError("mixmim bench predict: --model model.onnx is needed");
    constexpr int kLargestBatch = 4096;
    const int images = batch.empty() ? 1 : CommandLine::wholeNumber("batch", batch, 1, kLargestBatch);
    result = benchPredict(model, images, seconds);
  } else if (part == "pipeline" || part == "train") {
    const Config config = line.config();
    if (part == "pipeline" && config.data.train.empty())
      throw UsageError("mixmim bench pipeline: --data is needed");
    result = part == "pipeline" ? benchPipeline(config, seconds) : benchTrain(config, seconds);
  } else {
    throw UsageError(fmt::format("mixmim bench: expected one of pipeline, train, predict, got '{}'", part));
  }
  if (line.has("json"))
    std::cout << json::serialize(result) << '\n';
  else
    print(result);
  return kDone;
}

}  // namespace cv::mixmim
