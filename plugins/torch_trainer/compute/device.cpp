#include "compute/device.hpp"

#include <ATen/DeviceAccelerator.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <boost/json.hpp>

#include "compute/row_kernels.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// Registers LibTorch's CUDA kernels in this process; the loader's message if they are not there, else "".
/// Must come before anything asks LibTorch whether it has CUDA, since the answer is cached.
const std::string& loadCuda() {
  static const std::string failure = []() -> std::string {
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) return {};
    const char* reason = dlerror();
    return reason ? reason : "unknown reason";
  }();
  return failure;
}

int cudaDevices() {
  return loadCuda().empty() && at::hasCUDA() ? at::accelerator::deviceCount() : 0;
}

}  // namespace

at::Device openDevice(const std::string& name) {
  const std::string hint = "use --device cpu, or a LibTorch with CUDA (MIXMIM_TORCH_ROOT)";
  const bool cuda = name.rfind("cuda", 0) == 0;
  if (cuda && !loadCuda().empty()) throw Error("run.device", "CUDA cannot be used: " + loadCuda(), hint);
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    const auto index = std::max<at::DeviceIndex>(0, device.index());  // "cuda" is the first
    if (cuda && index < cudaDevices()) return at::Device(at::kCUDA, index);
  } catch (const c10::Error&) {  // not a device name: reported below
  }
  throw Error("run.device",
              "expected cpu, cuda or cuda:N, got '" + name + "' (" + std::to_string(cudaDevices()) +
                  " CUDA devices are there)",
              hint);
}

std::string describeDevices() {
  boost::json::array devices{"cpu"};
  for (int i = 0; i < cudaDevices(); ++i) devices.emplace_back("cuda:" + std::to_string(i));
  return boost::json::serialize(boost::json::object{{"version", MIXMIM_VERSION},
                                                    {"libtorch", TORCH_VERSION},
                                                    {"kernels", nameOfKernels()},
                                                    {"devices", devices},
                                                    {"gpu_kernels", boost::json::array{"libtorch", "own"}},
                                                    {"cuda", loadCuda().empty() ? "loaded" : loadCuda()}});
}

at::Tensor toDevice(const at::Tensor& host, at::Device device) {
  return device.is_cpu() ? host : host.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace cv::mixmim
