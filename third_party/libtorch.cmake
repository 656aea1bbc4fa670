# Imported target mixmim::torch from a plain LibTorch tree: the unpacked PyPI wheel (./run fetches it) or a user's own.
# No find_package(Torch): its config demands a matching CUDA toolkit and sets global flags. Only c10 and torch_cpu are
# linked; the CUDA library is loaded at run time where it exists (plugins/torch_trainer/compute/device.cpp).
if(NOT EXISTS ${MIXMIM_TORCH_ROOT}/include/torch/csrc/api/include/torch/torch.h)
  message(FATAL_ERROR "LibTorch was not found in ${MIXMIM_TORCH_ROOT}. Fetch it: third_party/fetch_libtorch.sh; "
                      "or name your own with -DMIXMIM_TORCH_ROOT=DIR; or build without the trainer: -DMIXMIM_TORCH=OFF")
endif()
set(torch_version_header ${MIXMIM_TORCH_ROOT}/include/torch/headeronly/version.h)
if(NOT EXISTS ${torch_version_header})   # before 2.9
  set(torch_version_header ${MIXMIM_TORCH_ROOT}/include/torch/csrc/api/include/torch/version.h)
endif()
file(STRINGS ${torch_version_header} torch_version_lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" torch_version "${torch_version_lines}")
list(JOIN torch_version "." torch_version)
if(torch_version VERSION_LESS 2.6)
  message(FATAL_ERROR "LibTorch >= 2.6 is needed, ${MIXMIM_TORCH_ROOT} holds ${torch_version}. Fetch it: third_party/fetch_libtorch.sh")
endif()
message(STATUS "LibTorch ${torch_version} in ${MIXMIM_TORCH_ROOT}")

add_library(mixmim_torch INTERFACE)
add_library(mixmim::torch ALIAS mixmim_torch)
target_include_directories(mixmim_torch SYSTEM INTERFACE
  ${MIXMIM_TORCH_ROOT}/include ${MIXMIM_TORCH_ROOT}/include/torch/csrc/api/include)
target_link_libraries(mixmim_torch INTERFACE
  ${MIXMIM_TORCH_ROOT}/lib/libtorch_cpu.so ${MIXMIM_TORCH_ROOT}/lib/libc10.so)
# GCC 14 warns of overflows in lists that LibTorch's headers inline, where there are none.
target_compile_options(mixmim_torch INTERFACE
  "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds;-Wno-stringop-overflow>")

# Gloo connects processes on CPUs. It is inside LibTorch, whose wheel leaves out its headers; none of its code is linked.
find_path(GLOO_INCLUDE_DIR gloo/rendezvous/store.h HINTS ${MIXMIM_TORCH_ROOT}/include)
if(NOT GLOO_INCLUDE_DIR)
  message(FATAL_ERROR "Gloo's headers were not found. Install them: apt-get install libgloo-dev")
endif()
message(STATUS "Gloo's headers in ${GLOO_INCLUDE_DIR}")
add_library(mixmim_gloo_headers INTERFACE)
add_library(mixmim::gloo_headers ALIAS mixmim_gloo_headers)
target_include_directories(mixmim_gloo_headers SYSTEM INTERFACE ${GLOO_INCLUDE_DIR})

# NCCL connects GPUs. The NVIDIA packages stand beside the wheel, each with its headers.
file(GLOB nvidia_includes ${MIXMIM_TORCH_ROOT}/../nvidia/*/include /usr/local/cuda/include)
find_path(CUDA_RUNTIME_INCLUDE_DIR cuda_runtime_api.h HINTS ${nvidia_includes})
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${nvidia_includes})
if(CUDA_RUNTIME_INCLUDE_DIR AND NCCL_INCLUDE_DIR AND EXISTS ${MIXMIM_TORCH_ROOT}/lib/libtorch_cuda.so)
  message(STATUS "NCCL's headers in ${NCCL_INCLUDE_DIR}: trainers on several GPUs can share a training")
  add_library(mixmim_torch_nccl INTERFACE)
  add_library(mixmim::torch_nccl ALIAS mixmim_torch_nccl)
  target_include_directories(mixmim_torch_nccl SYSTEM INTERFACE ${CUDA_RUNTIME_INCLUDE_DIR} ${NCCL_INCLUDE_DIR})
  target_link_libraries(mixmim_torch_nccl INTERFACE
    mixmim::torch ${MIXMIM_TORCH_ROOT}/lib/libtorch_cuda.so ${MIXMIM_TORCH_ROOT}/lib/libc10_cuda.so)
endif()
