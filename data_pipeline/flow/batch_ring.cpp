#include "flow/batch_ring.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kAny = -1;

cv::Mat allocateImages(const BatchRing::Shape& shape, const std::function<cv::Mat(int)>& allocate) {
  const int sizes[] = {shape.images, shape.imageSize.height, shape.imageSize.width, 3};
  if (!allocate) return cv::Mat(4, sizes, CV_8U);
  cv::Mat images = allocate(shape.images);
  const bool fits = images.dims == 4 && std::equal(sizes, sizes + 4, images.size.p) &&
                    images.type() == CV_8U && images.isContinuous();
  if (!fits)
    throw Error(fmt::format(
        "PipelineOptions::allocate: expected {} x {} x {} x 3 continuous bytes, got another array",
        shape.images, shape.imageSize.height, shape.imageSize.width));
  return images;
}

}  // namespace

BatchRing::BatchRing(const Shape& shape, const std::function<cv::Mat(int)>& allocate,
                     const TargetReader& targets) {
  const auto images = static_cast<size_t>(shape.images);
  for (int i = 0; i < shape.batches; ++i) {
    auto place = std::make_unique<Place>();
    RingBatch& work = place->batch;
    work.batch.images = allocateImages(shape, allocate);
    targets.allocate(work.batch);
    if (!shape.cells.empty()) work.batch.mixing.mask = cv::Mat::zeros(shape.cells, CV_8U);
    work.batch.samples.reserve(images);
    work.jobs.resize(images);
    places_.push_back(std::move(place));
  }
}

RingBatch* BatchRing::await(State from, State to, int64_t sequence) {
  std::unique_lock lock(mutex_);
  const auto fits = [&](const auto& place) {
    return place->state == from && (sequence == kAny || place->batch.sequence == sequence);
  };
  auto found = places_.end();
  changed_.wait(lock, [&] {
    found = std::find_if(places_.begin(), places_.end(), fits);
    return closed_ || found != places_.end();
  });
  if (closed_) return nullptr;
  (*found)->state = to;
  return &(*found)->batch;
}

RingBatch* BatchRing::acquire() {
  return await(State::kFree, State::kInWork, kAny);
}

RingBatch* BatchRing::take(int64_t sequence) {
  return await(State::kReady, State::kTaken, sequence);
}

void BatchRing::publish(RingBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (auto& place : places_)
    if (&place->batch == &batch) place->state = State::kReady;
  changed_.notify_all();
}

void BatchRing::release(const Batch* batch) {
  const std::lock_guard lock(mutex_);
  for (auto& place : places_)
    if (&place->batch.batch == batch) place->state = State::kFree;
  changed_.notify_all();
}

int BatchRing::ready() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(places_.begin(), places_.end(),
                                        [](const auto& place) { return place->state == State::kReady; }));
}

void BatchRing::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void BatchRing::open() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
  for (auto& place : places_)
    if (place->state != State::kTaken) place->state = State::kFree;
}

}  // namespace cv::mixmim
