// Devices through LibTorch's device-generic API: nothing here is compiled against CUDA.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {

/// "cpu", "cuda" or "cuda:N" -> a device that is there. Loads LibTorch's CUDA first (once per process,
/// whatever the name is, and only where there is a driver), because after a computation on the CPU it would
/// be too late. Error that says what is missing: driver, library, or GPU.
at::Device openDevice(const std::string& name);

/// The type of products for a value of run.precision.
at::ScalarType computeType(const std::string& precision);

/// JSON for PluginTable::describe: versions, devices, the names of GPUs, and the state of CUDA.
std::string describeDevices();

/// The identity of a GPU, the same in all processes and containers of a machine; "" for the CPU, or where the
/// driver does not tell.
std::string identityOf(at::Device device);

/// Memory of a GPU, with what this process held of it; nothing for the CPU.
std::optional<DeviceMemory> memoryOf(at::Device device);

/// A copy of `host` on the device, queued behind the device's other work. The host does not wait for it,
/// because it is made from pinned memory. On the CPU the tensor itself.
at::Tensor toDevice(const at::Tensor& host, at::Device device);

}  // namespace cv::mixmim
