#include "compute/device.hpp"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "compute/cuda_driver.hpp"
#include "compute/row_kernels.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kCudaLibrary = "libtorch_cuda.so";

/// LibTorch's CUDA kernels, registered in this process.
struct CudaLibrary {
  std::string failure;  ///< the loader's message if they are not there, else ""
  int version = 0;      ///< of CUDA that they are built with; 0 = not known
};

/// Loads them where there is a driver. Must come before the first computation on any device, because LibTorch
/// decides then, once for the process, whether it has CUDA.
const CudaLibrary& loadCuda() {
  static const CudaLibrary loaded = [] {
    CudaLibrary library;
    if (!hasCudaDriver()) return library;
    void* opened = dlopen(kCudaLibrary, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
      const char* reason = dlerror();
      library.failure = reason ? reason : "unknown reason";
      return library;
    }
    const auto runtime = reinterpret_cast<int (*)(int*)>(dlsym(opened, "cudaRuntimeGetVersion"));
    if (runtime) runtime(&library.version);
    return library;
  }();
  return loaded;
}

/// Asked once, because it takes a moment.
const CudaDriver& driver() {
  static const CudaDriver answer = readCudaDriver();
  return answer;
}

CudaObstacle obstacle() {
  return obstacleToCuda(driver(), loadCuda().failure, loadCuda().version,
                        std::getenv("CUDA_VISIBLE_DEVICES"));
}

int cudaDevices() {
  return obstacle().what.empty() && at::hasCUDA() ? at::accelerator::deviceCount() : 0;
}

std::string stateOfCuda() {
  const std::string trouble = obstacle().what;
  if (!trouble.empty()) return trouble;
  return "LibTorch for CUDA " + cudaVersionText(loadCuda().version) + ", driver for CUDA " +
         cudaVersionText(driver().version);
}

}  // namespace

at::Device openDevice(const std::string& name) {
  loadCuda();
  constexpr const char* kWhere = "run.device";
  const bool cuda = name.rfind("cuda", 0) == 0;
  const CudaObstacle trouble = cuda ? obstacle() : CudaObstacle();
  if (!trouble.what.empty()) throw Error(kWhere, "CUDA cannot be used: " + trouble.what, trouble.hint);
  if (cuda && cudaDevices() == 0)
    throw Error(kWhere,
                "CUDA cannot be used: LibTorch knows none of the driver's " +
                    std::to_string(driver().gpus.size()) + " GPUs",
                "load this plugin before anything else computes with LibTorch in this process");
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    const auto index = std::max<at::DeviceIndex>(0, device.index());  // "cuda" is the first
    if (cuda && index < cudaDevices()) {
      // Sums of products in bfloat16 are not split into parts that are rounded before they are added.
      at::globalContext().setAllowBF16ReductionCuBLAS(false);
      return at::Device(at::kCUDA, index);
    }
  } catch (const c10::Error&) {  // not a device name: reported below
  }
  throw Error(kWhere, "expected cpu, cuda or cuda:N, got '" + name + "'",
              "there are " + std::to_string(cudaDevices()) + " CUDA devices");
}

at::ScalarType computeType(const std::string& precision) {
  return precision == "bfloat16" ? at::kBFloat16 : at::kFloat;
}

std::string describeDevices() {
  boost::json::array devices{"cpu"}, gpus;
  for (int i = 0; i < cudaDevices(); ++i) devices.emplace_back("cuda:" + std::to_string(i));
  for (const CudaDriver::Gpu& gpu : driver().gpus) gpus.emplace_back(gpu.name);
  return boost::json::serialize(boost::json::object{{"version", MIXMIM_VERSION},
                                                    {"libtorch", TORCH_VERSION},
                                                    {"kernels", nameOfKernels()},
                                                    {"devices", devices},
                                                    {"gpus", gpus},
                                                    {"gpu_kernels", boost::json::array{"libtorch", "own"}},
                                                    {"cuda", stateOfCuda()}});
}

std::string identityOf(at::Device device) {
  const auto index = static_cast<size_t>(device.index());
  return device.is_cuda() && index < driver().gpus.size() ? driver().gpus[index].uuid : std::string();
}

std::optional<DeviceMemory> memoryOf(at::Device device) {
  if (device.is_cpu()) return std::nullopt;
  const auto held = at::accelerator::getDeviceStats(device.index()).reserved_bytes;
  const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return DeviceMemory{held[all].peak,
                      static_cast<int64_t>(at::accelerator::getMemoryInfo(device.index()).second)};
}

at::Tensor toDevice(const at::Tensor& host, at::Device device) {
  return device.is_cuda() ? host.pin_memory().to(device, /*non_blocking=*/true) : host.to(device);
}

}  // namespace cv::mixmim
