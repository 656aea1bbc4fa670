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

/// What was made on the host, there: a copy from pinned memory, behind what the device has to do already, for
/// which the host does not wait. On the CPU the tensor itself.
at::Tensor toDevice(const at::Tensor& host, at::Device device);

}  // namespace cv::mixmim
