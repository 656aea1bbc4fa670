#include "targets/class_targets.hpp"

#include <utility>

namespace cv::mixmim {

ClassTargets::ClassTargets(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

void ClassTargets::allocate(Batch& batch) const {
  batch.classTargets = cv::Mat(batch.capacity(), 1, CV_32S, cv::Scalar(Target().label));
}

Target ClassTargets::read(int64_t index) const {
  return {source_->label(index), {}};
}

void ClassTargets::place(const Target& target, const View& /*view*/, Batch& batch, int slot) const {
  batch.classTargets.at<int>(slot) = target.label;
}

void ClassTargets::move(Batch& batch, int from, int to) const {
  batch.classTargets.at<int>(to) = batch.classTargets.at<int>(from);
}

}  // namespace cv::mixmim
