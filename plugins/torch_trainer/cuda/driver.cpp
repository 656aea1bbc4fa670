#include "cuda/driver.hpp"

#include "cuda/library.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kWhere = "NVIDIA's driver";

KernelDriver openDriver() {
  const Library library(kWhere, {"libcuda.so.1"},
                        "a machine without a GPU of NVIDIA has none; use --device cpu");
  KernelDriver driver{};
  library.find("cuCtxGetCurrent", driver.cuCtxGetCurrent);
  library.find("cuCtxSetCurrent", driver.cuCtxSetCurrent);
  library.find("cuCtxGetDevice", driver.cuCtxGetDevice);
  library.find("cuDeviceGetAttribute", driver.cuDeviceGetAttribute);
  library.find("cuModuleLoadData", driver.cuModuleLoadData);
  library.find("cuModuleUnload", driver.cuModuleUnload);
  library.find("cuModuleGetFunction", driver.cuModuleGetFunction);
  library.find("cuLaunchKernel", driver.cuLaunchKernel);
  library.find("cuGetErrorString", driver.cuGetErrorString);
  return driver;
}

int attribute(const KernelDriver& driver, int number, int device) {
  int value = 0;
  checkDriver(driver, driver.cuDeviceGetAttribute(&value, number, device), "an attribute of the device");
  return value;
}

}  // namespace

const KernelDriver& kernelDriver() {
  static const KernelDriver driver = openDriver();
  return driver;
}

void checkDriver(const KernelDriver& driver, int result, const std::string& what) {
  if (result == 0) return;
  const char* text = nullptr;
  driver.cuGetErrorString(result, &text);
  throw Error(kWhere, what + " failed with error " + std::to_string(result) + ", " +
                          (text ? text : "which it does not know"));
}

std::string currentArchitecture(const KernelDriver& driver) {
  constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_...
  int device = 0;
  checkDriver(driver, driver.cuCtxGetDevice(&device), "asking for the device");
  return "sm_" + std::to_string(10 * attribute(driver, kMajor, device) + attribute(driver, kMinor, device));
}

}  // namespace cv::mixmim
