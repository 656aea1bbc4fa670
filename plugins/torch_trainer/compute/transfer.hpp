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
  /// Null: the CPU.
  explicit Transfer(std::unique_ptr<DeviceQueues> queues) : queues_(std::move(queues)) {}

  /// Bytes of that shape to copy from; pinned where there is a device. Owned by this object.
  cv::Mat allocate(const std::vector<int>& shape);

  /// The batch on the device. On the CPU a view of `mat`; on a device the copy runs beside the step before
  /// and may still be under way: wait() before the Mat is reused. Only what is computed from now on waits for
  /// it.
  at::Tensor upload(const cv::Mat& mat);
  void wait();

  /// Starts bringing a few floats home; `collect` gives the last ones, waiting if need be, or none.
  void fetch(const at::Tensor& numbers);
  std::vector<float> collect();

 private:
  std::unique_ptr<DeviceQueues> queues_;
  std::vector<at::Tensor> pinned_;
  at::Tensor home_;                ///< where fetched numbers arrive, from then on
  std::optional<at::Tensor> due_;  ///< those not collected
};

}  // namespace cv::mixmim
