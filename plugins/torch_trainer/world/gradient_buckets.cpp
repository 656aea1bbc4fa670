#include "world/gradient_buckets.hpp"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

namespace cv::mixmim {

namespace {

/// A bucket is large enough to use a link well, and small enough that the last one, which nothing can hide,
/// is soon done. PyTorch's DistributedDataParallel has the same size.
constexpr int64_t kBucketFloats = (int64_t{25} << 20) / 4;

/// Views begin at multiples of 64 bytes, as vector loads prefer; in floats.
constexpr int64_t kAlignment = 16;

int64_t roundedUp(int64_t number, int64_t step) {
  return (number + step - 1) / step * step;
}

std::vector<at::Tensor> lastFirst(const Weights& weights) {
  std::vector<at::Tensor> parameters;
  for (auto parameter = weights.list().rbegin(); parameter != weights.list().rend(); ++parameter)
    if (parameter->trainable) parameters.push_back(weights.at(parameter->name));
  return parameters;
}

}  // namespace

GradientBuckets::GradientBuckets(const Weights& weights, std::shared_ptr<TorchWorld> world)
    : world_(std::move(world)) {
  const std::vector<at::Tensor> parameters = lastFirst(weights);
  std::vector<int64_t> offsets;
  int64_t length = 0;
  const auto close = [&](int64_t more) {  // the bucket of the newest parameters
    const at::Tensor flat = at::zeros({roundedUp(length + more, world_->size() * kAlignment)},
                                      parameters.front().options().requires_grad(false));
    for (size_t i = 0; i < offsets.size(); ++i) {
      Place& place = places_[places_.size() - offsets.size() + i];
      place.view = flat.narrow(0, offsets[i], place.parameter.numel()).view(place.parameter.sizes());
      place.bucket = buckets_.size();
    }
    buckets_.push_back({flat, offsets.size(), 0, nullptr});
    if (more > 0) loss_ = flat.select(0, length);
    offsets.clear();
    length = 0;
  };
  for (const at::Tensor& parameter : parameters) {
    const int64_t size = roundedUp(parameter.numel(), kAlignment);
    if (!offsets.empty() && length + size > kBucketFloats) close(0);
    places_.push_back({parameter, {}, torch::autograd::impl::grad_accumulator(parameter), 0, 0});
    offsets.push_back(length);
    length += size;
  }
  close(1);
  for (size_t i = 0; i < places_.size(); ++i) {
    using Tensors = std::vector<at::Tensor>;
    auto hook = std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [this, i](const Tensors& outputs, const Tensors&) {
          arrived(i);
          return outputs;
        });
    places_[i].hook = places_[i].accumulator->add_post_hook(std::move(hook));
  }
}

GradientBuckets::~GradientBuckets() {
  for (const Place& place : places_) place.accumulator->del_post_hook(place.hook);
}

void GradientBuckets::begin(const at::Tensor& loss) {
  const at::NoGradGuard noGrad;
  loss_.copy_(loss);
  for (Bucket& bucket : buckets_) bucket.missing = bucket.places;
  started_ = 0;
  summing_ = true;
}

/// A gradient of this process is complete so far. Those of later batches are added to it in place.
void GradientBuckets::arrived(size_t index) {
  const at::NoGradGuard noGrad;
  Place& place = places_[index];
  at::Tensor& gradient = place.parameter.mutable_grad();
  if (!gradient.is_alias_of(place.view)) {
    place.view.copy_(gradient);
    gradient = place.view;
  }
  if (!summing_) return;
  --buckets_[place.bucket].missing;
  startComplete();
}

/// In order, because the other processes do the same.
void GradientBuckets::startComplete() {
  for (; started_ < buckets_.size() && buckets_[started_].missing == 0; ++started_)
    buckets_[started_].sum = world_->addUp(buckets_[started_].flat);
}

at::Tensor GradientBuckets::finish() {
  const at::NoGradGuard noGrad;
  summing_ = false;
  for (const Place& place : places_) {  // parameters this batch did not use
    at::Tensor& gradient = place.parameter.mutable_grad();
    if (gradient.defined()) continue;
    place.view.zero_();
    gradient = place.view;
  }
  for (Bucket& bucket : buckets_) bucket.missing = 0;
  startComplete();
  for (Bucket& bucket : buckets_) std::exchange(bucket.sum, nullptr)->wait();
  return loss_.clone();
}

}  // namespace cv::mixmim
