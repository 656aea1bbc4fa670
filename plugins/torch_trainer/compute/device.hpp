// Devices through LibTorch's device-generic API: nothing here is compiled against CUDA.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace cv::mixmim {

/// "cpu", "cuda" or "cuda:N" -> a device that is there. For cuda, loads libtorch_cuda.so first (once per
/// process). Error with the loader's own message where that fails.
at::Device openDevice(const std::string& name);

/// JSON for PluginTable::describe: versions and devices.
std::string describeDevices();

/// A copy of `host` on the device, queued behind the device's other work. The host does not wait for it,
/// because it is made from pinned memory. On the CPU the tensor itself.
at::Tensor toDevice(const at::Tensor& host, at::Device device);

}  // namespace cv::mixmim
