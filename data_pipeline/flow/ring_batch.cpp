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

cv::Mat RingBatch::slot(size_t index) {
  return {batch.imageSize(), batch.imageSize(), CV_8UC3, batch.images.ptr(static_cast<int>(index))};
}

void RingBatch::collect() {
  size_t count = 0;
  batch.samples.clear();
  batch.erasures.clear();
  batch.labels.setTo(-1);
  for (size_t i = 0; i < jobs.size(); ++i) {
    const SampleJob& job = jobs[i];
    if (!job.filled) continue;
    if (i != count) slot(i).copyTo(slot(count));
    batch.samples.push_back(job.index);
    batch.labels.at<int>(static_cast<int>(count)) = job.label;
    if (!job.erasure.box.empty()) {
      batch.erasures.push_back(job.erasure);
      batch.erasures.back().slot = static_cast<int>(count);
    }
    ++count;
  }
  batch.count = static_cast<int>(count);
}

}  // namespace cv::mixmim
