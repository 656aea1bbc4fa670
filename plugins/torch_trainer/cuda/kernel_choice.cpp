#include "cuda/kernel_choice.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>
#include <mutex>

#include "cuda/cubin_cache.hpp"
#include "model_io/files/cache_folder.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr const char *kWhere = "run.gpuKernels", *kHint = "use --run.gpuKernels libtorch";

/// The driver's handle of a stream, which LibTorch tells since 2.11.
template <class Guard>
auto handleOf(const Guard& guard, c10::Stream stream, int) -> decltype(guard.getStreamNativeHandle(stream)) {
  return guard.getStreamNativeHandle(stream);
}
template <class Guard>
void* handleOf(const Guard&, c10::Stream, long) {
  throw Error(kWhere, "expected LibTorch 2.11 or newer for own kernels, got an older one", kHint);
}

struct ChosenKernels {
  std::shared_ptr<const OwnKernels> kernels;
  int users = 0;
};

/// The choices of all devices. A device is asked for in every layer, so nobody waits for long.
struct Choices {
  std::mutex mutex;
  std::map<std::pair<at::DeviceType, at::DeviceIndex>, ChosenKernels> of;
};

Choices& choices() {
  static Choices all;
  return all;
}

std::pair<at::DeviceType, at::DeviceIndex> keyOf(at::Device device) {
  return {device.type(), device.index()};
}

/// The module and what launches its kernels live and end together.
struct DeviceKernels {
  DeviceKernels(at::Device device, at::ScalarType stored, const std::string& cubin)
      : module(kernelDriver(), cubin), kernels(module, {at::kFloat, stored}, [device] {
          const c10::impl::VirtualGuardImpl guard(device.type());
          return handleOf(guard, guard.getStream(device), 0);
        }) {}

  GpuModule module;
  OwnKernels kernels;
};

}  // namespace

std::shared_ptr<const OwnKernels> ownKernelsOn(at::Device device, at::ScalarType stored) {
  if (!device.is_cuda())
    throw Error(kWhere, "expected --device cuda for own kernels, got " + device.str(), kHint);
  const c10::DeviceGuard guard(device);
  at::empty({1}, at::TensorOptions(device)).fill_(0);  // the context is made at the first work
  const StoredType type = stored == at::kBFloat16 ? StoredType::kBfloat16 : StoredType::kFloat;
  const std::string cubin =
      cubinOfKernels(Nvrtc(), currentArchitecture(kernelDriver()), type, userCacheFolder());
  const auto both = std::make_shared<DeviceKernels>(device, stored, cubin);
  return {both, &both->kernels};
}

KernelChoice::KernelChoice(at::Device device, std::shared_ptr<const OwnKernels> kernels) : device_(device) {
  const std::lock_guard lock(choices().mutex);
  ChosenKernels& choice = choices().of[keyOf(device)];
  if (choice.users > 0 && (choice.kernels != nullptr) != (kernels != nullptr))
    throw Error(kWhere, "expected the same for all trainers of a process on " + device.str() +
                            ", got own and libtorch");
  if (choice.users++ == 0) choice.kernels = std::move(kernels);
}

KernelChoice::~KernelChoice() {
  const std::lock_guard lock(choices().mutex);
  const auto choice = choices().of.find(keyOf(device_));
  if (--choice->second.users == 0) choices().of.erase(choice);
}

const OwnKernels* ownKernelsFor(const at::Tensor& x) {
  const std::lock_guard lock(choices().mutex);
  const auto choice = choices().of.find(keyOf(x.device()));
  return choice == choices().of.end() ? nullptr : choice->second.kernels.get();
}

}  // namespace cv::mixmim
