// Sums of tensors of a device over processes, added up on the host: for GPUs that processes share, and where
// NCCL is missing. Slower than NCCL, but with the exact order of the sums of CPUs.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <future>
#include <memory>
#include <unordered_map>

#include "compute/device_queues.hpp"
#include "world/torch_world.hpp"

namespace cv::mixmim {

/// Every tensor has pinned memory of its size and a queue for its copies, made at its first sum and kept.
/// Threads: addUp() and wait() one at a time; jobs on any other.
class HostSums {
 public:
  using MakeQueues = std::function<std::unique_ptr<DeviceQueues>()>;
  /// Does jobs one after the other, in the order in which they come, on a thread that may wait.
  using Post = std::function<std::shared_future<void>(std::function<void()>)>;
  /// Adds up memory of the host over all processes, in place; called in jobs.
  using AddUp = std::function<void(const at::Tensor& home)>;

  HostSums(MakeQueues makeQueues, Post post, AddUp addUp)
      : makeQueues_(std::move(makeQueues)), post_(std::move(post)), addUp_(std::move(addUp)) {}

  /// Starts to add up a flat float tensor of the device, in place, behind all work that its compute queue has
  /// been given. Work given to that queue after wait() sees the sum.
  std::unique_ptr<Pending> addUp(const at::Tensor& flat);

 private:
  struct Place {
    std::unique_ptr<DeviceQueues> queues;
    at::Tensor home;  ///< pinned
  };
  class Running;

  Place& placeOf(const at::Tensor& flat);

  MakeQueues makeQueues_;
  Post post_;
  AddUp addUp_;
  std::unordered_map<const void*, Place> places_;  ///< by the tensor's memory
};

}  // namespace cv::mixmim
