#include "cuda/gpu_module.hpp"

#include "cuda/cubin_cache.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kKernels[] = {"mixmimAddAndNormalise",
                                    "mixmimNormaliseBackward",
                                    "mixmimSumParts",
                                    "mixmimSumColumns",
                                    "mixmimGelu",
                                    "mixmimGeluBackward",
                                    "mixmimDepthwise",
                                    "mixmimDepthwiseSums",
                                    "mixmimPatchRows",
                                    "mixmimReconstructionLoss"};

}  // namespace

GpuModule::GpuModule(const KernelDriver& driver, const std::string& cubin) : driver_(driver) {
  checkDriver(driver, driver.cuCtxGetCurrent(&context_), "asking for the context");
  checkDriver(driver, driver.cuModuleLoadData(&module_, cubin.data()), "loading the kernels");
  try {
    for (const char* name : kKernels)
      checkDriver(driver, driver.cuModuleGetFunction(&functions_[name], module_, name),
                  std::string("finding ") + name);
  } catch (const Error&) {
    driver.cuModuleUnload(module_);
    throw;
  }
}

GpuModule::~GpuModule() {
  driver_.cuModuleUnload(module_);
}

void GpuModule::queue(const char* kernel, const LaunchShape& shape, void* argument, void* stream) {
  void* arguments[] = {argument};
  // A thread of autograd may have none yet, because LibTorch makes it current at its own first call.
  checkDriver(driver_, driver_.cuCtxSetCurrent(context_), "entering the context");
  checkDriver(driver_,
              driver_.cuLaunchKernel(functions_.at(kernel), shape.gridX, shape.gridY, 1, shape.blockX,
                                     shape.blockY, 1, 0, stream, arguments, nullptr),
              std::string("launching ") + kernel);
}

std::string cubinOfKernels(const Nvrtc& nvrtc, const std::string& architecture, StoredType stored,
                           const std::string& cacheFolder) {
  const std::string name = hashOfKernels() + "-" + architecture +
                           (stored == StoredType::kFloat ? "-float32" : "-bfloat16") + "-nvrtc" +
                           nvrtc.version() + ".cubin";
  return cachedCubin(cacheFolder, name,
                     [&] { return nvrtc.compile(kernelFiles(), architecture, stored).cubin; });
}

}  // namespace cv::mixmim
