#include "targets/label_targets.hpp"

#include <utility>

namespace cv::mixmim {

LabelTargets::LabelTargets(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

void LabelTargets::allocate(Batch& batch) const {
  batch.labelTargets = cv::Mat::zeros(batch.capacity(), static_cast<int>(source_->labels().size()), CV_8U);
}

Target LabelTargets::read(int64_t index) const {
  Target target;
  target.labels = source_->labelsOf(index);
  return target;
}

void LabelTargets::place(const Target& target, const View& /*view*/, Batch& batch, int slot) const {
  batch.labelTargets.row(slot).setTo(0);  // the slot is used again
  for (const int label : target.labels) batch.labelTargets.at<uchar>(slot, label) = 1;
}

void LabelTargets::move(Batch& batch, int from, int to) const {
  batch.labelTargets.row(from).copyTo(batch.labelTargets.row(to));
}

}  // namespace cv::mixmim
