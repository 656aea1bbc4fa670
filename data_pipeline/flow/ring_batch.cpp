#include "flow/ring_batch.hpp"

namespace cv::mixmim {

void RingBatch::assign(const std::vector<int64_t>& indices, int64_t position) {
  jobs.resize(indices.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i] = {};
    jobs[i].index = indices[i];
    jobs[i].position = position + static_cast<int64_t>(i);
  }
  pending.store(static_cast<int>(jobs.size()));
}

void RingBatch::collect(const TargetReader& targets) {
  int count = 0;
  batch.samples.clear();
  batch.erasures.clear();
  for (size_t i = 0; i < jobs.size(); ++i) {
    const SampleJob& job = jobs[i];
    if (!job.filled) continue;
    if (const auto from = static_cast<int>(i); from != count) {
      batch.picture(from).copyTo(batch.picture(count));
      targets.move(batch, from, count);
    }
    batch.samples.push_back(job.index);
    if (!job.erasure.box.empty()) {
      batch.erasures.push_back(job.erasure);
      batch.erasures.back().slot = count;
    }
    ++count;
  }
  batch.count = count;
  for (int empty = count; empty < batch.capacity(); ++empty) targets.place({}, {}, batch, empty);
}

}  // namespace cv::mixmim
