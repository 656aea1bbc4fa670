#include "flow/sample_loader.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/augment.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

constexpr int kMaxReplacements = 64;  // in a row, for one slot

/// An error's message without the file name in front, which is reported beside it.
std::string reasonOf(const cv::Exception& failure, const std::string& path) {
  const std::string prefix = path + ": ", &message = failure.err;
  return message.compare(0, prefix.size(), prefix) == 0 ? message.substr(prefix.size()) : message;
}

}  // namespace

SampleLoader::SampleLoader(std::shared_ptr<const Source> source, const TargetReader& targets,
                           const Config& config, Recipe recipe, PipelineCounters& counters,
                           BadImages& badImages)
    : source_(std::move(source)),
      targets_(targets),
      augment_(config.augment),
      orientation_(config.data.orientation),
      balanced_(config.data.balance > 0),
      seed_(config.run.seed),
      recipe_(recipe),
      counters_(counters),
      badImages_(badImages) {}

std::string SampleLoader::read(int64_t index, std::vector<uint8_t>& bytes) const {
  constexpr size_t kKeptBytes = size_t{16} << 20;  // for the next image; a rare giant is let go
  const Timer timer(counters_.read);
  try {
    if (bytes.capacity() > kKeptBytes) std::vector<uint8_t>().swap(bytes);
    source_->read(index, bytes);
    counters_.bytes.fetch_add(static_cast<int64_t>(bytes.size()), std::memory_order_relaxed);
    return {};
  } catch (const cv::Exception& failure) {
    return reasonOf(failure, source_->place(index));
  }
}

void SampleLoader::load(RingBatch& work, size_t slot, std::vector<uint8_t>& bytes, Scratch& scratch) const {
  SampleJob& job = work.jobs[slot];
  const int64_t epoch = work.epoch;
  Rng replacements(seed_, static_cast<uint64_t>(job.position), static_cast<uint32_t>(epoch),
                   Purpose::kSubstitute);
  std::string reason = std::move(job.readError);
  for (int attempt = 0; attempt <= kMaxReplacements; ++attempt) {
    if (reason.empty()) reason = tryToFill(work, slot, bytes, scratch);
    if (reason.empty()) {
      badImages_.addGood();
      job.filled = true;
      return;
    }
    counters_.bad.fetch_add(1, std::memory_order_relaxed);
    BadImage bad{source_->path(job.index), source_->offset(job.index), reason, epoch, job.position, {}};
    if (recipe_ == Recipe::kEval) return badImages_.add(job.index, std::move(bad));
    const auto next = static_cast<int64_t>(replacements.below(static_cast<uint64_t>(source_->size())));
    bad.substitute = source_->place(next);
    badImages_.add(job.index, std::move(bad));
    job.index = next;
    reason = read(next, bytes);
  }
  throw Error(source_->place(job.index),
              fmt::format("no readable image among {} replacements in a row, the last: {}", kMaxReplacements,
                          reason));
}

std::string SampleLoader::tryToFill(RingBatch& work, size_t slot, const std::vector<uint8_t>& bytes,
                                    Scratch& scratch) const {
  SampleJob& job = work.jobs[slot];
  try {
    const Target target = targets_.read(job.index);
    const View view = fill(job, work.epoch, bytes, scratch, work.batch.picture(static_cast<int>(slot)));
    targets_.place(target, view, work.batch, static_cast<int>(slot));
    return {};
  } catch (const cv::Exception& failure) {
    return reasonOf(failure, source_->place(job.index));
  }
}

int64_t SampleLoader::keyOf(const SampleJob& job) const {
  return balanced_ ? job.position : job.index;
}

View SampleLoader::fill(SampleJob& job, int64_t epoch, const std::vector<uint8_t>& bytes, Scratch& scratch,
                        cv::Mat pixels) const {
  const auto start = std::chrono::steady_clock::now();
  const bool evaluates = recipe_ == Recipe::kEval;
  Augmentation drawn;
  cv::Mat decoded;
  {
    const Timer timer(counters_.decode);
    const cv::Size size = scratch.decoder.open(bytes, orientation_).size;
    if (evaluates)
      drawn.view = evaluationView(size, pixels.size(), augment_.evalView());
    else
      drawn = drawAugmentation(seed_, keyOf(job), epoch, size, pixels.size(), augment_);
    decoded = scratch.decoder.decode(evaluates ? cv::Rect({}, size) : cv::Rect(drawn.view.crop));
    if (scratch.decoder.warnings() > 0) counters_.warned.fetch_add(1, std::memory_order_relaxed);
  }
  {
    const Timer timer(counters_.resize);
    if (evaluates)
      evalTransform(decoded, pixels.size(), augment_.evalView(), scratch.resampler, pixels);
    else
      scratch.resampler.resize(decoded, drawn.view.flip, pixels);
  }
  if (drawn.ops.begin() != drawn.ops.end()) {
    const Timer timer(counters_.augment);
    for (const AppliedOp& op : drawn.ops) apply(op, pixels, scratch.pixels);
  }
  job.erasure = drawn.erasure;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  counters_.slowest.add({job.index, took.count()});
  return drawn.view;
}

}  // namespace cv::mixmim
