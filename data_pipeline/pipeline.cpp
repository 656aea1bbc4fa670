#include "data_pipeline/pipeline.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "data_pipeline/cores.hpp"
#include "data_pipeline/mix.hpp"
#include "data_pipeline/mixture.hpp"
#include "data_pipeline/stats.hpp"
#include "flow/batch_ring.hpp"
#include "flow/class_weights.hpp"
#include "flow/job_queue.hpp"
#include "flow/pool.hpp"
#include "flow/sample_loader.hpp"
#include "flow/sampler.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "targets/target_reader.hpp"

namespace cv::mixmim {

namespace {

using tbb::global_control;

/// A reader keeps thirty workers busy where the files are in memory, and fewer where they are on a disk.
constexpr int kWorkersPerReader = 4;

/// Files read but not yet decoded, per worker: enough to keep it busy while the readers wait for the disk.
constexpr size_t kFilesPerWorker = 4;

/// The thread limit of oneTBB: one more than the workers, because it counts the feeder's caller. The present
/// limit, at first the number of cores, is never lowered, because it holds for everybody in the process.
size_t parallelism(int workers) {
  return std::max(static_cast<size_t>(workers) + 1,
                  global_control::active_value(global_control::max_allowed_parallelism));
}

BatchRing::Shape ringShape(const Config& config, Recipe recipe) {
  if (config.data.ring < 2)
    throw Error("data.ring", fmt::format("expected at least 2 batches, got {}", config.data.ring),
                "one is with the trainer while the next is filled");
  return {config.data.ring, config.data.batch, config.model.imageSize,
          recipe == Recipe::kPretrain ? cellsOf(config.model) : cv::Size()};
}

/// Which of the batches of a step this process takes: [first, first + count) of `inAll`.
struct Parts {
  int first, count, inAll;
};

Parts partsOf(const PipelineOptions& options) {
  if (options.recipe == Recipe::kEval) return {0, 1, 1};
  const int rank = options.rank, world = options.world, wanted = options.config.optim.accumulate;
  if (world < 1 || rank < 0 || rank >= world)
    throw Error(
        fmt::format("PipelineOptions: expected a rank below the world size, got {} and {}", rank, world));
  const int64_t inAll = wanted > 0 ? wanted : world;
  if (inAll < world)
    throw Error(
        "optim.accumulate",
        fmt::format("expected at least one batch per step for each of {} processes, got {}", world, inAll),
        "0 is one for each");
  const auto first = static_cast<int>(rank * inAll / world),
             end = static_cast<int>((rank + 1) * inAll / world);
  return {first, end - first, static_cast<int>(inAll)};
}

std::optional<ClassBalance> balanceOf(const Source& source, const PipelineOptions& options) {
  const double balance = options.config.data.balance;
  if (balance == 0 || options.recipe == Recipe::kEval) return std::nullopt;
  if (source.hasSeveralLabels())
    throw Error("data.balance", "expected one class per picture, but these have several labels",
                "optim.classWeights weighs them in the loss");
  std::vector<int> labels(static_cast<size_t>(source.size()));
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = source.label(static_cast<int64_t>(i));
  return ClassBalance(labels, balance);
}

cv::Mat weightsOf(const Source& source, const PipelineOptions& options) {
  const double share = options.config.optim.classWeights;
  return share == 0 || options.recipe != Recipe::kFinetune ? cv::Mat() : classWeights(source, share);
}

std::shared_ptr<const Source> checked(std::shared_ptr<const Source> source) {
  if (!source) throw Error("Pipeline: expected a source, got none");
  return source;
}

}  // namespace

struct Pipeline::Impl {
  Impl(std::shared_ptr<const Source> images, PipelineOptions given)
      : options(std::move(given)),
        source(checked(std::move(images))),
        parts(partsOf(options)),
        sampler(source->size(), config().data.batch, parts.inAll, options.recipe != Recipe::kEval,
                config().run.seed, balanceOf(*source, options)),
        badImages(config().data),
        targets(makeTargetReader(config().run.task, config().model.labels, source)),
        lossWeights(weightsOf(*source, options)),
        loader(source, *targets, config(), options.recipe, counters, badImages),
        ring(std::make_shared<BatchRing>(ringShape(config(), options.recipe), options.allocate, *targets)),
        workers(workerCount(config().run.threads)),
        readerCount(config().data.readers > 0 ? config().data.readers
                                              : std::max(1, workers / kWorkersPerReader)),
        files(kFilesPerWorker * static_cast<size_t>(workers) + static_cast<size_t>(readerCount)),
        control(global_control::max_allowed_parallelism, parallelism(workers)),
        arena(workers, 0) {}

  ~Impl() { join(); }

  const Config& config() const { return options.config; }

  void start(int64_t first, int64_t last, int64_t epochZero);
  Lease next();
  void stop();
  void join();

  void feed(int64_t first, int64_t last);
  void prepare(RingBatch& work, int64_t sequence);
  void readFiles();
  bool dispatch(RingBatch& work, size_t slot);
  void runJob() noexcept;
  void finish(RingBatch& work);
  void fail(std::exception_ptr failure);
  void rethrowFailure();

  const PipelineOptions options;
  const std::shared_ptr<const Source> source;
  const Parts parts;
  Sampler sampler;  // the feeder's, once started
  PipelineCounters counters;
  BadImages badImages;
  const std::unique_ptr<const TargetReader> targets;
  const cv::Mat lossWeights;  // of the classes; all batches share it
  const SampleLoader loader;
  const std::shared_ptr<BatchRing> ring;  // shared with the leases, which may outlive the pipeline
  const int workers, readerCount;
  Pool<std::vector<uint8_t>> files;  // each job holds one, so they also tell when all work is done
  Pool<Scratch> scratch;
  JobQueue toRead, toDecode;
  const global_control control;
  tbb::task_arena arena;

  std::thread feeder;
  std::vector<std::thread> readers;
  std::vector<int64_t> indices;  // the feeder's
  int64_t place = 0, end = 0;    // the consumer's, in the stream
  int64_t epochZero = 0;         // the step at which the data begin
  std::mutex failureMutex;
  std::exception_ptr failure;
};

void Pipeline::Impl::start(int64_t first, int64_t last, int64_t zero) {
  if (first < 0 || last < first || first < zero ||
      (options.recipe == Recipe::kEval && last > sampler.stepsPerEpoch()))
    throw Error(
        fmt::format("Pipeline::start: expected 0 <= first <= last (in evaluation <= {}), got {} and {}",
                    sampler.stepsPerEpoch(), first, last));
  join();
  epochZero = zero;
  place = first * parts.count;
  end = last * parts.count;
  failure = nullptr;
  ring->open();
  files.open();
  toRead.open();
  for (int i = 0; i < readerCount; ++i) readers.emplace_back([this] { readFiles(); });
  feeder = std::thread([this, from = place, to = end] { feed(from, to); });
}

void Pipeline::Impl::stop() {
  ring->close();
  files.close();
  toRead.close();
}

/// After this nothing of ours runs. Jobs are never cancelled, because one takes milliseconds.
void Pipeline::Impl::join() {
  stop();
  if (feeder.joinable()) feeder.join();
  for (std::thread& reader : readers) reader.join();
  readers.clear();
  files.waitUntilAllAreBack();
}

void Pipeline::Impl::feed(int64_t first, int64_t last) {
  try {
    for (int64_t sequence = first; sequence < last; ++sequence) {
      RingBatch* work = nullptr;
      {
        const Timer timer(counters.waitForBuffer);
        work = ring->acquire();
      }
      if (!work) return;
      prepare(*work, sequence);
      for (size_t slot = 0; slot < work->jobs.size(); ++slot) toRead.push({work, slot});
    }
  } catch (...) {
    fail(std::current_exception());
  }
}

/// Everything of a batch that is not an image: which images, which mask or mixture, where in the epoch.
void Pipeline::Impl::prepare(RingBatch& work, int64_t sequence) {
  const int64_t step = sequence / parts.count, ofData = step - epochZero;
  const int own = static_cast<int>(sequence % parts.count), part = parts.first + own;
  Batch& batch = work.batch;
  batch.step = step;
  batch.accumulation.part = own;
  batch.accumulation.parts = parts.count;
  batch.accumulation.inAll = parts.inAll;
  batch.key = step * parts.inAll + part;
  batch.epoch = static_cast<double>(ofData) / static_cast<double>(sampler.stepsPerEpoch());
  batch.classWeights = lossWeights;
  work.sequence = sequence;
  work.epoch = sampler.epochOf(ofData);
  sampler.assign(ofData, part, indices);
  work.assign(indices, sampler.positionOf(ofData, part));

  const auto rng = [&](Purpose purpose) {
    return Rng(config().run.seed, static_cast<uint64_t>(batch.key), 0, purpose);
  };
  if (options.recipe == Recipe::kPretrain) {
    Rng mask = rng(Purpose::kMask);
    drawMask(batch.mixing.mask.size(), config().mix, mask, batch.mixing.mask);
  } else if (options.recipe == Recipe::kFinetune) {
    Rng mixture = rng(Purpose::kMixture);
    batch.mixing.mixture = drawMixture(batch.imageSize(), config().mix, mixture);
  }
}

/// A reader: an ordinary thread, because it may wait for the disk, which a worker of oneTBB must not.
void Pipeline::Impl::readFiles() {
  try {
    while (const auto job = toRead.pop())
      if (!dispatch(*job->batch, job->slot)) return;
  } catch (...) {
    fail(std::current_exception());
  }
}

/// Reads one file and hands it to a worker; false when the pipeline is stopping.
bool Pipeline::Impl::dispatch(RingBatch& work, size_t slot) {
  auto bytes = files.take();
  if (!bytes) return false;
  SampleJob& job = work.jobs[slot];
  job.readError = loader.read(job.index, *bytes);
  job.bytes = std::move(bytes);
  toDecode.push({&work, slot});
  try {
    arena.enqueue([this] { runJob(); });
  } catch (...) {  // one task less, so one job less, whichever it is
    const auto unserved = toDecode.pop();
    unserved->batch->jobs[unserved->slot].bytes.reset();
    throw;
  }
  return true;
}

/// A worker's task. No exception may leave it, because one out of an enqueued task ends the process.
void Pipeline::Impl::runJob() noexcept {
  const auto [work, slot] = *toDecode.pop();
  const auto bytes = std::move(work->jobs[slot].bytes);  // goes back last: join() waits for it
  try {
    loader.load(*work, slot, *bytes, *scratch.take());
    if (work->pending.fetch_sub(1) == 1) finish(*work);
  } catch (...) {
    fail(std::current_exception());
  }
}

/// The last worker of a batch does what needs all its images.
void Pipeline::Impl::finish(RingBatch& work) {
  Batch& batch = work.batch;
  work.collect(*targets);
  if (options.recipe == Recipe::kPretrain) {
    const Timer timer(counters.mix);
    mixPairs(batch.images, batch.mixing.mask);
  }
  counters.images += batch.count;
  ++counters.batches;
  ring->publish(work);
}

void Pipeline::Impl::fail(std::exception_ptr reason) {
  {
    const std::lock_guard lock(failureMutex);
    if (!failure) failure = std::move(reason);
  }
  stop();
}

void Pipeline::Impl::rethrowFailure() {
  const std::lock_guard lock(failureMutex);
  if (auto reason = std::exchange(failure, nullptr)) std::rethrow_exception(reason);
}

Pipeline::Lease Pipeline::Impl::next() {
  counters.ready += ring->ready();
  const Timer timer(counters.waitForBatch);
  while (place < end) {
    RingBatch* work = ring->take(place);
    if (!work) break;
    ++place;
    Lease lease(&work->batch, [ring = ring](const Batch* batch) { ring->release(batch); });
    if (lease->count > 0) return lease;  // an evaluation batch of damaged images only is passed over
  }
  rethrowFailure();
  return {};
}

Pipeline::Pipeline(std::shared_ptr<const Source> source, PipelineOptions options)
    : impl_(std::make_unique<Impl>(std::move(source), std::move(options))) {}

Pipeline::~Pipeline() = default;

int64_t Pipeline::stepsPerEpoch() const {
  return impl_->sampler.stepsPerEpoch();
}

void Pipeline::start(int64_t first, int64_t last, int64_t epochZero) {
  impl_->start(first, last, epochZero);
}

Pipeline::Lease Pipeline::next() {
  return impl_->next();
}

void Pipeline::stop() {
  impl_->stop();
}

PipelineStats Pipeline::stats() const {
  PipelineStats stats = impl_->counters.snapshot();
  stats.threads = impl_->workers;
  stats.readers = impl_->readerCount;
  stats.ring = impl_->config().data.ring;
  return stats;
}

std::vector<BadImage> Pipeline::badImages() const {
  return impl_->badImages.list();
}

std::vector<BadImage> Pipeline::badImagesFrom(size_t skipped) const {
  return impl_->badImages.listFrom(skipped);
}

}  // namespace cv::mixmim
