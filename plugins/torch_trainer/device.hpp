// Devices through LibTorch's device-generic API: nothing here is compiled against CUDA.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// "cpu", "cuda" or "cuda:N" -> a device that is there. For cuda, loads libtorch_cuda.so first (once per
/// process). Error with the loader's own message where that fails.
at::Device openDevice(const std::string& name);

/// JSON for PluginTable::describe: versions and devices.
std::string describeDevices();

/// Moves batches to the device and small results back without stalling it. On the CPU everything is
/// immediate.
class Transfer {
 public:
  explicit Transfer(at::Device device) : device_(device) {}

  /// Bytes of that shape to copy from; pinned where there is a device. Owned by this object.
  cv::Mat allocate(const std::vector<int>& shape);

  /// The batch on the device. On the CPU a view of `mat`; on a device the copy runs on a stream of its own
  /// beside the step before and may still be under way: wait() before the Mat is reused. Only what is
  /// computed from the result waits for it.
  at::Tensor upload(const cv::Mat& mat);
  void wait();

  /// Starts bringing a small float tensor home; `collect` gives the numbers of the last one, waiting if need
  /// be.
  void fetch(const at::Tensor& numbers);
  std::vector<float> collect();

 private:
  at::Device device_;
  std::vector<at::Tensor> pinned_;
  std::optional<c10::Stream> copies_;
  std::optional<c10::Event> uploaded_, fetched_;
  at::Tensor numbers_;
};

}  // namespace cv::mixmim
