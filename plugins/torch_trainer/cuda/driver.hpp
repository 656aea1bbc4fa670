// The functions of NVIDIA's driver that launch kernels, by name at run time: nothing is linked, and no header
// of CUDA is needed.
#pragma once

#include <string>

namespace cv::mixmim {

/// Functions of libcuda.so.1, as its documentation declares them; handles are void*. Each returns 0 or an
/// error's number. Tests put functions of their own in their place.
struct KernelDriver {
  int (*cuCtxGetCurrent)(void** context);
  int (*cuCtxSetCurrent)(void* context);
  int (*cuCtxGetDevice)(int* device);
  int (*cuDeviceGetAttribute)(int* value, int attribute, int device);
  int (*cuModuleLoadData)(void** module, const void* image);
  int (*cuModuleUnload)(void* module);
  int (*cuModuleGetFunction)(void** function, void* module, const char* name);
  int (*cuLaunchKernel)(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream,
                        void** arguments, void** extra);
  int (*cuGetErrorString)(int error, const char** text);
};

/// The driver of this machine, opened once. Error with the loader's reason where there is none.
const KernelDriver& kernelDriver();

/// Error with the driver's own words where `result` is not 0.
void checkDriver(const KernelDriver& driver, int result, const std::string& what);

/// "sm_90": the architecture of the current context's device.
std::string currentArchitecture(const KernelDriver& driver);

}  // namespace cv::mixmim
