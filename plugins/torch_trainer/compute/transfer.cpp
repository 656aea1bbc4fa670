#include "compute/transfer.hpp"

namespace cv::mixmim {

namespace {

using Mark = DeviceQueues::Mark;
using Queue = DeviceQueues::Queue;

at::Tensor viewOf(const cv::Mat& mat) {
  const std::vector<int64_t> shape(mat.size.p, mat.size.p + mat.dims);
  const auto type = mat.depth() == CV_8U ? at::kByte : at::kInt;
  return at::from_blob(mat.data, shape, type);
}

}  // namespace

cv::Mat Transfer::allocate(const std::vector<int>& shape) {
  const int dims = static_cast<int>(shape.size());
  if (!queues_) return cv::Mat(dims, shape.data(), CV_8U);
  const std::vector<int64_t> sizes(shape.begin(), shape.end());
  pinned_.push_back(queues_->pinned(sizes, at::kByte));
  return cv::Mat(dims, shape.data(), CV_8U, pinned_.back().data_ptr());
}

at::Tensor Transfer::upload(const cv::Mat& mat) {
  const at::Tensor host = viewOf(mat);
  if (!queues_) return host;
  const at::Tensor batch = queues_->allocate(Queue::kCopies, host.sizes(), host.scalar_type());
  queues_->copy(Queue::kCopies, batch, host);
  queues_->record(Mark::kUploaded, Queue::kCopies);
  queues_->waitFor(Mark::kUploaded, Queue::kCompute);
  queues_->share(batch, Queue::kCompute);  // the next upload gets other memory while this is computed from
  return batch;
}

void Transfer::wait() {
  if (queues_) queues_->hostWait(Mark::kUploaded);
}

void Transfer::fetch(const at::Tensor& numbers) {
  if (!queues_) {
    due_ = numbers;
    return;
  }
  if (!home_.defined()) home_ = queues_->pinned(numbers.sizes(), at::kFloat);
  queues_->copy(Queue::kCompute, home_, numbers);
  queues_->record(Mark::kFetched, Queue::kCompute);
  due_ = home_;
}

std::vector<float> Transfer::collect() {
  if (!due_) return {};
  if (queues_) queues_->hostWait(Mark::kFetched);
  const float* first = due_->data_ptr<float>();
  std::vector<float> values(first, first + due_->numel());
  due_.reset();
  return values;
}

cv::Mat matOf(const at::Tensor& numbers) {
  const bool bytes = numbers.scalar_type() == at::kByte;
  const at::Tensor home = numbers.to(at::kCPU, bytes ? at::kByte : at::kFloat).contiguous();
  const std::vector<int> shape(home.sizes().begin(), home.sizes().end());
  return cv::Mat(static_cast<int>(shape.size()), shape.data(), bytes ? CV_8U : CV_32F, home.data_ptr())
      .clone();
}

}  // namespace cv::mixmim
