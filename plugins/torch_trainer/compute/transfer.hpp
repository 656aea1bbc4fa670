// Batches to the device and small results back, without stalling it. On the CPU everything is immediate.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "compute/device_queues.hpp"

namespace cv::mixmim {

class Transfer {
 public:
  explicit Transfer(at::Device device) : Transfer(device.is_cpu() ? nullptr : queuesOf(device)) {}
  /// `queues`: null for the CPU.
  explicit Transfer(std::unique_ptr<DeviceQueues> queues) : queues_(std::move(queues)) {}

  /// Bytes of that shape to copy from; pinned where there is a device. Owned by this object.
  cv::Mat allocate(const std::vector<int>& shape);

  /// The batch on the device, except on the CPU, where it is a view of `mat`. The copy runs beside the step
  /// before and may still be under way on return: wait() before the Mat is reused. Only computations that
  /// follow wait for it.
  at::Tensor upload(const cv::Mat& mat);
  void wait();

  /// Starts to copy a few floats to the host. collect() waits for those of the last fetch() and returns them
  /// once; empty if there are none.
  void fetch(const at::Tensor& numbers);
  std::vector<float> collect();

 private:
  std::unique_ptr<DeviceQueues> queues_;
  std::vector<at::Tensor> pinned_;
  at::Tensor home_;                ///< pinned memory for fetched numbers
  std::optional<at::Tensor> due_;  ///< fetched, not yet collected
};

/// Numbers of any shape at home, in memory of their own: uint8 stays, everything else becomes float.
cv::Mat matOf(const at::Tensor& numbers);

}  // namespace cv::mixmim
