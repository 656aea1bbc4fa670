// NVIDIA's compiler as a library, opened at run time: CUDA C++ to the code of one architecture.
#pragma once

#include <string>
#include <vector>

#include "cuda/kernel_text.hpp"

namespace cv::mixmim {

struct CompiledKernels {
  std::string cubin;
  std::string log;  ///< registers, memory and spills of every kernel, as ptxas says them
};

class Nvrtc {
 public:
  /// Looks for libnvrtc.so of CUDA 13 or 12: first under the file names `first`, then where the loader looks,
  /// then in the NVIDIA packages beside LibTorch. Error where it is not found.
  explicit Nvrtc(const std::vector<std::string>& first = {});

  std::string version() const;  ///< "13.0"

  /// `files`, of which the first is compiled, for an architecture ("sm_90") and the type of activations.
  /// Error with the compiler's first complaint where it does not compile. Needs no GPU.
  CompiledKernels compile(const std::vector<KernelFile>& files, const std::string& architecture,
                          StoredType stored) const;

 private:
  using Program = void*;
  class Compilation;

  void check(int result, const std::string& what) const;

  int (*nvrtcVersion_)(int* major, int* minor) = nullptr;
  int (*nvrtcCreateProgram_)(Program* program, const char* text, const char* name, int headers,
                             const char* const* texts, const char* const* names) = nullptr;
  int (*nvrtcDestroyProgram_)(Program* program) = nullptr;
  int (*nvrtcCompileProgram_)(Program program, int count, const char* const* options) = nullptr;
  int (*nvrtcGetProgramLogSize_)(Program program, size_t* size) = nullptr;
  int (*nvrtcGetProgramLog_)(Program program, char* log) = nullptr;
  int (*nvrtcGetCUBINSize_)(Program program, size_t* size) = nullptr;
  int (*nvrtcGetCUBIN_)(Program program, char* cubin) = nullptr;
  const char* (*nvrtcGetErrorString_)(int result) = nullptr;
};

}  // namespace cv::mixmim
