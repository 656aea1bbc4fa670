// Which kernels the layers use on a device: LibTorch's operators, or those of this folder.
#pragma once

#include <memory>

#include "cuda/own_kernels.hpp"

namespace cv::mixmim {

/// Compiles or finds the own kernels for a CUDA device. Error where the device is no GPU of NVIDIA's, or
/// where driver, compiler or LibTorch (2.11 is needed) cannot do it.
std::shared_ptr<const OwnKernels> ownKernelsOn(at::Device device, at::ScalarType stored);

/// As long as it lives, tensors on `device` are computed by these kernels; null: by LibTorch's operators. For
/// the whole process, because a backward pass runs in threads of its own. Error where others on the device
/// chose otherwise.
class KernelChoice {
 public:
  KernelChoice(at::Device device, std::shared_ptr<const OwnKernels> kernels);
  ~KernelChoice();
  KernelChoice(const KernelChoice&) = delete;
  KernelChoice& operator=(const KernelChoice&) = delete;

 private:
  at::Device device_;
};

/// The own kernels chosen for this tensor's device, or null.
const OwnKernels* ownKernelsFor(const at::Tensor& x);

}  // namespace cv::mixmim
