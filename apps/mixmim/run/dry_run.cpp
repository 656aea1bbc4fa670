#include "run/dry_run.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include <fmt/format.h>

#include "opencv2/mixmim/json.hpp"
#include "run/memory_estimate.hpp"
#include "run/run_folder.hpp"
#include "run/run_setup.hpp"
#include "run/run_task.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "terminal/usage.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

constexpr double kMega = 1 << 20;

/// A few batches after a first one, whose time says little: memory is allocated, the ring is filled.
struct Timed {
  int batches = 0;
  double trainerSeconds = 0;   ///< per batch, in Trainer::step
  double pipelineSeconds = 0;  ///< per batch, if the pipeline had all its threads for itself

  double secondsPerBatch() const { return std::max(trainerSeconds, pipelineSeconds); }
};

/// Every batch is a whole step here: with accumulation a step may take very long, and its time is that of its
/// batches. The state of `run` is of no use afterwards.
Timed measure(RunSetup& run) {
  constexpr int kBatches = 3;
  constexpr double kLongEnough = 60;  // seconds
  Config config = run.config;
  config.optim.accumulate = 1;
  run.pipeline.reset();  // its batches, which may be large
  const auto allocate = [&run](int batch) { return run.trainer->allocate(batch); };
  Pipeline pipeline(run.train, {config, runTaskOf(config.run.task).recipe, allocate});
  Progress progress("dry run", 1 + kBatches);
  Timed measured;
  const auto stepOnce = [&] {
    const Pipeline::Lease batch = pipeline.next();
    const Clock::time_point before = Clock::now();
    run.trainer->step(*batch);
    return secondsSince(before);
  };
  pipeline.start(0, 1 + kBatches);
  stepOnce();
  run.trainer->flush();  // what a device does only once is not in the time of the others
  progress.count(1, "batches");
  double seconds = 0;
  while (measured.batches < kBatches && (measured.batches == 0 || seconds < kLongEnough)) {
    seconds += stepOnce();
    progress.count(1 + ++measured.batches, "batches");
  }
  const Clock::time_point before = Clock::now();
  run.trainer->flush();
  measured.trainerSeconds = (seconds + secondsSince(before)) / measured.batches;
  pipeline.stop();
  const PipelineStats stats = pipeline.stats();
  const double work = stats.decode.seconds + stats.resize.seconds + stats.augment.seconds + stats.mix.seconds;
  const auto images = static_cast<double>(std::max<int64_t>(1, stats.images));
  measured.pipelineSeconds = work / images * config.data.batch / stats.threads;
  return measured;
}

int64_t stepsLeft(const RunSetup& run) {
  return std::max<int64_t>(0, run.totalSteps - run.firstStep);
}

double secondsLeft(const RunSetup& run, const Timed& measured) {
  return static_cast<double>(stepsLeft(run) * run.config.optim.accumulate) * measured.secondsPerBatch();
}

json::array toJson(const std::vector<Choice>& choices) {
  json::array array;
  for (const Choice& choice : choices)
    array.push_back(json::object{{"key", choice.key}, {"value", choice.value}, {"why", choice.why}});
  return array;
}

json::value toJson(const std::optional<DeviceMemory>& memory) {
  if (!memory) return nullptr;
  return json::object{{"peak", inMegabytes(memory->peak)}, {"total", inMegabytes(memory->total)}};
}

json::object toJson(const RunSetup& run, const MemoryEstimate& memory, const Timed& measured) {
  return {{"images", run.train->size()},
          {"classes", run.train->labels().size()},
          {"choices", toJson(run.choices)},
          {"steps_per_epoch", run.stepsPerEpoch},
          {"steps", run.totalSteps},
          {"steps_left", stepsLeft(run)},
          {"parameters", memory.parameters},
          {"estimated_memory_mb", json::object{{"program", memory.program / kMega},
                                               {"weights", memory.weights / kMega},
                                               {"gradients", memory.gradients / kMega},
                                               {"moments", memory.moments / kMega},
                                               {"average", memory.average / kMega},
                                               {"activations", memory.activations / kMega},
                                               {"batches", memory.batches / kMega},
                                               {"total", memory.total() / kMega}}},
          {"peak_memory_mb", peakMemoryMb()},
          {"device_memory_mb", toJson(run.trainer->deviceMemory())},
          {"measured_batches", measured.batches},
          {"ms_per_batch", 1000 * measured.trainerSeconds},
          {"pipeline_ms_per_batch", 1000 * measured.pipelineSeconds},
          {"images_per_second", run.config.data.batch / measured.secondsPerBatch()},
          {"estimated_seconds", secondsLeft(run, measured)}};
}

void printForPeople(const RunSetup& run, const MemoryEstimate& memory, const Timed& measured) {
  const auto line = [](const char* name, const std::string& text) {
    std::cout << fmt::format("{:<12} {}\n", name, text);
  };
  const Config& config = run.config;
  std::cout << "settings, data, plugin and weights fit together; nothing was written\n\n";
  line("images", fmt::format("{} in {}", run.train->size(), config.data.train));
  line("steps",
       fmt::format("{} per epoch, {} in all, {} to go", run.stepsPerEpoch, run.totalSteps, stepsLeft(run)));
  line("parameters", fmt::format("{:.1f} million", static_cast<double>(memory.parameters) / 1e6));
  line("memory",
       fmt::format("estimated {:.0f} MB: weights and optimiser {:.0f}, activations {:.0f}, batches {:.0f}",
                   memory.total() / kMega, (memory.total() - memory.activations - memory.batches) / kMega,
                   memory.activations / kMega, memory.batches / kMega));
  line("", fmt::format("measured {:.0f} MB so far in this process", peakMemoryMb()));
  if (const auto device = run.trainer->deviceMemory())
    line("", fmt::format("measured {:.0f} of {:.0f} MB of the device", inMegabytes(device->peak),
                         inMegabytes(device->total)));
  line("speed",
       fmt::format(
           "measured {:.3g} s per batch of {} (mean of {}), {:.3g} s for its data alone: {:.1f} images/s",
           measured.trainerSeconds, config.data.batch, measured.batches, measured.pipelineSeconds,
           config.data.batch / measured.secondsPerBatch()));
  line("time", fmt::format("estimated {} for {} steps, without validation and checkpoints",
                           durationText(secondsLeft(run, measured)), stepsLeft(run)));
}

}  // namespace

int dryRun(const RunRequest& request, bool asJson) {
  if (!request.config.run.out.empty()) checkRunFolder(request.config);
  RunSetup run = setUpRun(request, {}, Repair::kLookOnly);
  const MemoryEstimate memory = estimateMemory(run.config);
  const Timed measured = measure(run);
  if (asJson)
    std::cout << jsonText(toJson(run, memory, measured)) << '\n';
  else
    printForPeople(run, memory, measured);
  return kDone;
}

}  // namespace cv::mixmim
