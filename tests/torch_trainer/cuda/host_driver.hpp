// A driver whose device is the host: it has the kernels of cuda/kernels, compiled as C++ for some types, and
// keeps a record of what it was asked to launch.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "cuda/driver.hpp"
#include "cuda/own_kernels.hpp"
#include "tests/torch_trainer/cuda/host_threads.hpp"

namespace cv::mixmim {

struct RecordedLaunch {
  std::string kernel;
  LaunchShape shape;
  void* stream;
};

/// What the host's driver does and has seen; one for the process, because a driver's functions have no
/// object.
struct HostDevice {
  KernelTypes types{at::kFloat, at::kFloat};
  gpu::ThreadOrder order = gpu::ThreadOrder::kAscending;
  std::vector<RecordedLaunch> launches;
  std::string missing;  ///< a kernel that modules do not have
  int refusal = 0;      ///< what launching returns, if not 0
  int modules = 0;      ///< loaded and not unloaded
};

HostDevice& hostDevice();
const KernelDriver& hostDriver();

/// The kernels on the host, for types that a test asks for; what the device has seen and does is as at the
/// start.
class HostKernels {
 public:
  explicit HostKernels(KernelTypes types, gpu::ThreadOrder order = gpu::ThreadOrder::kAscending)
      : module_(fresh(types, order), "cubin"),
        own_(module_, types, [] { return static_cast<void*>(&hostDevice()); }) {}

  const OwnKernels& operator*() const { return own_; }
  const OwnKernels* operator->() const { return &own_; }

 private:
  static const KernelDriver& fresh(KernelTypes types, gpu::ThreadOrder order) {
    hostDevice() = {};
    hostDevice().types = types;
    hostDevice().order = order;
    return hostDriver();
  }

  GpuModule module_;
  OwnKernels own_;
};

}  // namespace cv::mixmim
