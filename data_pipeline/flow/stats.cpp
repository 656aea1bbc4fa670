#include "data_pipeline/stats.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace cv::mixmim {

namespace {

constexpr int kBinsPerDoubling = 8;
constexpr double kFirstBin = 1e-6;  // seconds

int binOf(double seconds) {
  if (!(seconds > kFirstBin)) return 0;
  const double bin = kBinsPerDoubling * std::log2(seconds / kFirstBin);
  return static_cast<int>(std::min<double>(bin, StageStats::kBins - 1));
}

/// The middle of a bin, on the logarithmic scale.
double secondsOf(size_t bin) {
  return kFirstBin * std::exp2((static_cast<double>(bin) + 0.5) / kBinsPerDoubling);
}

double share(double part, double whole) {
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
}

}  // namespace

double StageStats::percentile(double wanted) const {
  if (count == 0) return 0;
  const auto rank = static_cast<int64_t>(std::ceil(wanted * static_cast<double>(count)));
  int64_t passed = 0;
  for (size_t bin = 0; bin < bins.size(); ++bin)
    if ((passed += bins[bin]) >= std::max<int64_t>(1, rank)) return secondsOf(bin);
  return secondsOf(bins.size() - 1);
}

StageStats StageStats::since(const StageStats& earlier) const {
  StageStats rest = *this;
  rest.count -= earlier.count;
  rest.seconds -= earlier.seconds;
  for (size_t bin = 0; bin < bins.size(); ++bin) rest.bins[bin] -= earlier.bins[bin];
  return rest;
}

PipelineStats PipelineStats::since(const PipelineStats& earlier) const {
  PipelineStats rest = *this;
  for (auto member : {&PipelineStats::images, &PipelineStats::batches, &PipelineStats::bytes,
                      &PipelineStats::bad, &PipelineStats::warned})
    rest.*member -= earlier.*member;
  for (auto member :
       {&PipelineStats::read, &PipelineStats::decode, &PipelineStats::resize, &PipelineStats::augment,
        &PipelineStats::mix, &PipelineStats::waitForBatch, &PipelineStats::waitForBuffer})
    rest.*member = (this->*member).since(earlier.*member);
  rest.ready -= earlier.ready;
  rest.seconds -= earlier.seconds;
  return rest;
}

double PipelineStats::dataWait() const {
  return share(waitForBatch.seconds, seconds);
}

double PipelineStats::workerBusy() const {
  return share(decode.seconds + resize.seconds + augment.seconds + mix.seconds, seconds * threads);
}

double PipelineStats::ringFill() const {
  return share(ready, static_cast<double>(waitForBatch.count) * ring);
}

std::string bottleneck(const PipelineStats& stats) {
  constexpr double kHardlyAny = 0.05, kNearlyAll = 0.8;
  if (stats.images == 0) return "nothing was measured";
  const double wait = 100 * stats.dataWait(), busy = 100 * stats.workerBusy();
  if (stats.dataWait() < kHardlyAny)
    return fmt::format("the trainer holds the run back: it waited for data {:.0f} % of the time", wait);
  if (stats.workerBusy() < kNearlyAll)
    return fmt::format(
        "reading holds the run back: the workers were idle {:.0f} % of the time; more data.readers, faster "
        "storage or `mixmim pack` help",
        100 - busy);
  const std::pair<double, const char*> stages[] = {{stats.decode.seconds, "decoding"},
                                                   {stats.resize.seconds, "resizing"},
                                                   {stats.augment.seconds, "augmenting"},
                                                   {stats.mix.seconds, "mixing"}};
  const auto& [seconds, name] = *std::max_element(std::begin(stages), std::end(stages));
  return fmt::format(
      "{} holds the run back: {:.0f} % of the workers' time, and they were busy {:.0f} % of it; more cores "
      "(run.threads) or smaller images help",
      name, 100 * share(seconds, stats.seconds * stats.threads), busy);
}

void StageCounter::add(std::chrono::steady_clock::duration time) {
  const int64_t nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  count_.fetch_add(1, std::memory_order_relaxed);
  nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
  bins_[static_cast<size_t>(binOf(static_cast<double>(nanoseconds) * 1e-9))].fetch_add(
      1, std::memory_order_relaxed);
}

StageStats StageCounter::snapshot() const {
  StageStats stats;
  stats.count = count_.load(std::memory_order_relaxed);
  stats.seconds = static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
  for (size_t bin = 0; bin < bins_.size(); ++bin)
    stats.bins[bin] = bins_[bin].load(std::memory_order_relaxed);
  return stats;
}

void SlowestSamples::add(SlowSample sample) {
  if (sample.seconds <= fastestKept_.load(std::memory_order_relaxed)) return;
  const auto slower = [](const SlowSample& a, const SlowSample& b) { return a.seconds > b.seconds; };
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(samples_.begin(), samples_.end(),
                                  [&](const SlowSample& other) { return other.index == sample.index; });
  if (known != samples_.end()) {  // one entry per image, its slowest time
    known->seconds = std::max(known->seconds, sample.seconds);
  } else {
    samples_.push_back(sample);
  }
  std::sort(samples_.begin(), samples_.end(), slower);
  if (samples_.size() > kKept) samples_.pop_back();
  if (samples_.size() == kKept) fastestKept_.store(samples_.back().seconds, std::memory_order_relaxed);
}

std::vector<SlowSample> SlowestSamples::list() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

PipelineStats PipelineCounters::snapshot() const {
  PipelineStats stats;
  stats.images = images;
  stats.batches = batches;
  stats.bytes = bytes;
  stats.bad = bad;
  stats.warned = warned;
  stats.read = read.snapshot();
  stats.decode = decode.snapshot();
  stats.resize = resize.snapshot();
  stats.augment = augment.snapshot();
  stats.mix = mix.snapshot();
  stats.waitForBatch = waitForBatch.snapshot();
  stats.waitForBuffer = waitForBuffer.snapshot();
  stats.ready = static_cast<double>(ready);
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stats.slowest = slowest.list();
  return stats;
}

}  // namespace cv::mixmim
