// Gradients of several processes are added up while the backward pass still computes the next ones.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "network/weights.hpp"
#include "world/torch_world.hpp"

namespace torch::autograd {
struct Node;
}

namespace cv::mixmim {

/// Gradients stand in a few flat tensors (buckets), the last parameters of the model first, because theirs
/// are ready first. As soon as a bucket is complete, its sum over all processes begins. The loss travels with
/// the last one.
///
/// Memory: no more than the gradients need, because they are views into the buckets. Every process needs the
/// same parameters in the same order.
class GradientBuckets {
 public:
  GradientBuckets(const Weights& weights, std::shared_ptr<TorchWorld> world);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Call before the last backward pass of a step, because its gradients complete the sums of this process.
  void begin(const at::Tensor& loss);
  /// After it: every gradient is the sum over all processes. Returns the sum of the losses.
  at::Tensor finish();

 private:
  struct Place {
    at::Tensor parameter;
    at::Tensor view;  ///< of the bucket
    std::shared_ptr<torch::autograd::Node> accumulator;
    uintptr_t hook = 0;
    size_t bucket = 0;
  };
  struct Bucket {
    at::Tensor flat;
    size_t places = 0, missing = 0;
    std::unique_ptr<Pending> sum;
  };

  void arrived(size_t index);
  void startComplete();

  std::shared_ptr<TorchWorld> world_;
  std::vector<Place> places_;
  std::vector<Bucket> buckets_;
  at::Tensor loss_;  ///< a view of the last bucket
  size_t started_ = 0;
  bool summing_ = false;
};

}  // namespace cv::mixmim
