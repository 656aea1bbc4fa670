#include "compute/cuda_driver.hpp"

#include <dlfcn.h>

#include <array>

namespace cv::mixmim {

namespace {

/// Functions of the driver's documented C interface. Results are 0 for success.
struct Functions {
  explicit Functions(void* library) {
    find(library, "cuInit", init);
    find(library, "cuDriverGetVersion", version);
    find(library, "cuDeviceGetCount", count);
    find(library, "cuDeviceGet", get);
    find(library, "cuDeviceGetName", name);
    find(library, "cuDeviceGetUuid", uuid);
  }

  int (*init)(unsigned flags) = nullptr;
  int (*version)(int* number) = nullptr;
  int (*count)(int* number) = nullptr;
  int (*get)(int* device, int ordinal) = nullptr;
  int (*name)(char* text, int capacity, int device) = nullptr;
  int (*uuid)(unsigned char* bytes, int device) = nullptr;

 private:
  template <class Function>
  static void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
  }
};

std::string hexadecimal(const std::array<unsigned char, 16>& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) text += {kDigits[byte >> 4], kDigits[byte & 15]};
  return text;
}

CudaDriver::Gpu gpuAt(const Functions& driver, int ordinal) {
  CudaDriver::Gpu gpu;
  int device = 0;
  std::array<char, 256> name{};
  std::array<unsigned char, 16> uuid{};
  if (!driver.get || driver.get(&device, ordinal) != 0) return gpu;
  if (driver.name && driver.name(name.data(), static_cast<int>(name.size()) - 1, device) == 0)
    gpu.name = name.data();
  if (driver.uuid && driver.uuid(uuid.data(), device) == 0) gpu.uuid = hexadecimal(uuid);
  return gpu;
}

}  // namespace

bool hasCudaDriver() {
  static const bool has = dlopen(kCudaDriverLibrary, RTLD_NOW | RTLD_LOCAL) != nullptr;
  return has;
}

CudaDriver readCudaDriver(const char* library) {
  CudaDriver answer;
  void* opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!opened) {
    const char* reason = dlerror();
    answer.missing = reason ? reason : "unknown reason";
    return answer;
  }
  const Functions driver(opened);  // never closed: the driver does not support it
  constexpr int kNotADriver = -1;
  answer.initialised = driver.init ? driver.init(0) : kNotADriver;
  if (driver.version) driver.version(&answer.version);
  int count = 0;
  if (answer.initialised == 0 && driver.count) driver.count(&count);
  for (int i = 0; i < count; ++i) answer.gpus.push_back(gpuAt(driver, i));
  return answer;
}

std::string cudaVersionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

CudaObstacle obstacleToCuda(const CudaDriver& driver, const std::string& library, int needed,
                            const char* visible) {
  if (!driver.missing.empty())
    return {"there is no NVIDIA driver (" + driver.missing + ")",
            "use --device cpu, or install the driver of the GPU"};
  if (!library.empty())
    return {library,
            "use --device cpu, or a LibTorch with CUDA (MIXMIM_CUDA=1 ./run build, or MIXMIM_TORCH_ROOT)"};
  if (driver.version / 1000 < needed / 1000)
    return {"expected an NVIDIA driver for CUDA " + cudaVersionText(needed) +
                ", which this LibTorch is built with, got one for CUDA " + cudaVersionText(driver.version),
            "update the driver, use --device cpu, or a LibTorch for an older CUDA (MIXMIM_TORCH_ROOT)"};
  if (!driver.gpus.empty()) return {};
  const std::string list = visible ? "'" + std::string(visible) + "'" : "not set";
  return {"no GPU is visible (CUDA_VISIBLE_DEVICES is " + list + ", cuInit gives " +
              std::to_string(driver.initialised) + ")",
          "use --device cpu, or give this process a GPU"};
}

}  // namespace cv::mixmim
