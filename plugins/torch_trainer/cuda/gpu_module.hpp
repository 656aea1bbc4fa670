// Compiled kernels on one device, launched by name.
#pragma once

#include <map>
#include <string>

#include "cuda/driver.hpp"
#include "cuda/nvrtc.hpp"

namespace cv::mixmim {

/// Blocks of a launch and threads of a block.
struct LaunchShape {
  unsigned gridX, gridY;
  unsigned blockX, blockY;
};

class GpuModule {
 public:
  /// Loads a cubin into the current context, in which all launches are then made. The driver must stay.
  GpuModule(const KernelDriver& driver, const std::string& cubin);
  ~GpuModule();
  GpuModule(const GpuModule&) = delete;
  GpuModule& operator=(const GpuModule&) = delete;

  /// Queues a kernel with one argument, a struct of cuda/kernels/arguments.hpp, on a stream of the driver.
  /// Error where there is no such kernel or the driver refuses; what goes wrong on the device later, LibTorch
  /// reports.
  template <class Arguments>
  void launch(const char* kernel, const LaunchShape& shape, Arguments arguments, void* stream) {
    queue(kernel, shape, &arguments, stream);
  }

 private:
  void queue(const char* kernel, const LaunchShape& shape, void* argument, void* stream);

  const KernelDriver& driver_;
  void *context_ = nullptr, *module_ = nullptr;
  std::map<std::string, void*> functions_;
};

/// The cubin of this plugin's kernels for an architecture, kept in `cacheFolder` or compiled.
std::string cubinOfKernels(const Nvrtc& nvrtc, const std::string& architecture, StoredType stored,
                           const std::string& cacheFolder);

}  // namespace cv::mixmim
