#include "tests/torch_trainer/cuda/host_driver.hpp"

#include <map>

#include "cuda/kernels/convolution.hpp"
#include "cuda/kernels/gelu.hpp"
#include "cuda/kernels/normalise.hpp"
#include "cuda/kernels/pixels.hpp"

namespace cv::mixmim {

namespace {

using Kernel = void (*)(const void* argument);

template <class Argument, void (*kKernel)(const Argument&)>
void call(const void* argument) {
  kKernel(*static_cast<const Argument*>(argument));
}

/// What cuda/kernels/entries.cu says to NVRTC.
template <class Real, class Stored>
std::map<std::string, Kernel> kernelsFor() {
  using namespace gpu;
  return {
      {"mixmimAddAndNormalise", call<NormRows<Real, Stored>, addAndNormalise<Real, Stored>>},
      {"mixmimNormaliseBackward", call<NormGradient<Real, Stored>, normaliseBackward<Real, Stored>>},
      {"mixmimSumParts", call<PartSums<Real>, sumParts<Real>>},
      {"mixmimSumColumns", call<ColumnSums<Real, Stored>, sumColumns<Real, Stored>>},
      {"mixmimGelu", call<Gelu<Stored>, gelu<Real, Stored>>},
      {"mixmimGeluBackward", call<GeluGradient<Real, Stored>, geluBackward<Real, Stored>>},
      {"mixmimDepthwise", call<Depthwise<Real, Stored>, depthwise<Real, Stored>>},
      {"mixmimDepthwiseSums", call<DepthwiseSums<Real, Stored>, depthwiseSums<Real, Stored>>},
      {"mixmimPatchRows", call<PatchRows<Stored>, patchRows<Real, Stored>>},
      {"mixmimReconstructionLoss", call<ReconstructionLoss<Real, Stored>, reconstructionLoss<Real, Stored>>}};
}

const std::map<std::string, Kernel>& kernelsOf(KernelTypes types) {
  static const auto exact = kernelsFor<double, double>(), single = kernelsFor<float, float>(),
                    half = kernelsFor<float, gpu::Bfloat16>();
  return types.real == at::kDouble ? exact : types.stored == at::kFloat ? single : half;
}

using Entry = const std::pair<const std::string, Kernel>;

int getFunction(void** function, void*, const char* name) {
  const auto found = kernelsOf(hostDevice().types).find(name);
  if (found == kernelsOf(hostDevice().types).end() || name == hostDevice().missing)
    return 500;  // CUDA_ERROR_NOT_FOUND
  *function = const_cast<void*>(static_cast<const void*>(&*found));
  return 0;
}

int launchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                 unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream, void** arguments,
                 void** extra) {
  HostDevice& device = hostDevice();
  if (device.refusal != 0) return device.refusal;
  if (gridZ != 1 || blockZ != 1 || sharedBytes != 0 || extra) return 1;  // CUDA_ERROR_INVALID_VALUE
  const auto& [name, kernel] = *static_cast<Entry*>(function);
  device.launches.push_back({name, {gridX, gridY, blockX, blockY}, stream});
  const auto run = kernel;
  gpu::runOnHost({gridX, gridY}, {blockX, blockY}, device.order, [&] { run(arguments[0]); });
  return 0;
}

}  // namespace

HostDevice& hostDevice() {
  static HostDevice device;
  return device;
}

const KernelDriver& hostDriver() {
  static const KernelDriver driver = [] {
    KernelDriver functions{};
    functions.cuCtxGetCurrent = [](void** context) { return *context = &hostDevice(), 0; };
    functions.cuCtxSetCurrent = [](void* context) { return context == &hostDevice() ? 0 : 201; };
    functions.cuCtxGetDevice = [](int* device) { return *device = 3, 0; };
    functions.cuDeviceGetAttribute = [](int* value, int attribute, int device) {
      return *value = attribute == 75 ? 9 : attribute == 76 ? 0 : -1, device == 3 ? 0 : 101;
    };
    functions.cuModuleLoadData = [](void** module, const void* image) {
      ++hostDevice().modules;
      return *module = const_cast<void*>(image), 0;
    };
    functions.cuModuleUnload = [](void*) { return --hostDevice().modules, 0; };
    functions.cuModuleGetFunction = getFunction;
    functions.cuLaunchKernel = launchKernel;
    functions.cuGetErrorString = [](int error, const char** text) {
      return *text = error == 500   ? "named symbol not found"
                     : error == 700 ? "an illegal memory access"
                                    : nullptr,
             0;
    };
    return functions;
  }();
  return driver;
}

}  // namespace cv::mixmim
