#include "data_pipeline/image_check.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

#include "data_pipeline/cores.hpp"
#include "data_pipeline/decode.hpp"
#include "targets/label_maps.hpp"

namespace cv::mixmim {

namespace {

/// Memory that one worker keeps from image to image.
struct Worker {
  ImageDecoder decoder;
  LabelMapDecoder maps;
  std::vector<uint8_t> bytes;
};

struct Outcome {
  std::string format, reason;  // reason: why the image is bad, "" if it is good
  PixelCounts pixels{};        // of its label map, if it has one
};

PixelCounts checkMask(const Source& source, int64_t index, cv::Size picture, Worker& worker) {
  source.readMask(index, worker.bytes);
  return countPixels(valuesOf(source, index, worker.bytes, picture, worker.maps));
}

Outcome checkImage(const Source& source, int64_t index, Worker& worker) {
  Outcome outcome;
  try {
    source.read(index, worker.bytes);
    outcome.format = nameOf(formatOf(worker.bytes));
    const ImageHeader header = worker.decoder.open(worker.bytes);
    worker.decoder.decode(cv::Rect({}, header.size));
    if (source.hasMasks()) outcome.pixels = checkMask(source, index, header.size, worker);
  } catch (const std::exception& e) {
    outcome.reason = e.what();
  }
  return outcome;
}

/// An image without a label counts as one of class -1.
void countLabels(const Source& source, int64_t index, ImageCheck& check) {
  const std::vector<int> labels = source.labelsOf(index);
  if (labels.empty()) ++check.perClass[-1];
  for (const int label : labels) ++check.perClass[label];
}

void addPixels(const PixelCounts& pixels, ImageCheck& check) {
  std::transform(pixels.begin(), pixels.end(), check.pixels.begin(), check.pixels.begin(), std::plus<>());
  check.nothingToLearn += std::count(pixels.begin(), pixels.begin() + kIgnoredLabel, 0) == kIgnoredLabel;
}

}  // namespace

ImageCheck checkImages(const Source& source, int threads, const std::function<bool(int64_t done)>& progress) {
  ImageCheck check;
  std::mutex mutex;  // guards check and done
  int64_t done = 0;
  std::atomic<bool> stopped{false};
  tbb::enumerable_thread_specific<Worker> workers;
  tbb::task_arena arena(workerCount(threads));
  arena.execute([&] {
    tbb::parallel_for(int64_t{0}, source.size(), [&](int64_t index) {
      if (stopped) return;
      const Outcome outcome = checkImage(source, index, workers.local());
      const std::lock_guard<std::mutex> lock(mutex);
      if (!outcome.format.empty()) ++check.formats[outcome.format];
      if (outcome.reason.empty()) {
        countLabels(source, index, check);
        if (source.hasMasks()) addPixels(outcome.pixels, check);
      } else {
        check.bad.push_back({source.path(index), source.offset(index), outcome.reason, 0, index, ""});
      }
      if (!progress(++done)) stopped = true;
    });
  });
  for (const SourceProblem& problem : source.problems())
    check.bad.push_back({problem.path, problem.offset, problem.reason, 0, source.size(), ""});
  const auto earlier = [](const BadImage& a, const BadImage& b) { return a.position < b.position; };
  std::stable_sort(check.bad.begin(), check.bad.end(), earlier);
  return check;
}

}  // namespace cv::mixmim
