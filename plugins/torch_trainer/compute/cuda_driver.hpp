// The NVIDIA driver of this machine, asked through its own library: LibTorch says nothing where the driver is
// missing or too old, and then counts no GPU.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// The driver's answers.
struct CudaDriver {
  struct Gpu {
    std::string name;  ///< "NVIDIA H200"
    std::string uuid;  ///< 32 hexadecimal digits: the same GPU has the same in every process and container
  };

  std::string missing;    ///< the loader's reason why there is no driver; "" = there is one
  int version = 0;        ///< of CUDA that it serves: 1000 * major + 10 * minor
  int initialised = 0;    ///< the result of cuInit; 0 is success
  std::vector<Gpu> gpus;  ///< those that this process may see, in its order
};

constexpr const char* kCudaDriverLibrary = "libcuda.so.1";

/// Loads the driver's library, which costs nothing where there is none; false there. Asks it nothing.
bool hasCudaDriver();

/// Asks the driver. `library` may be another one for tests.
CudaDriver readCudaDriver(const char* library = kCudaDriverLibrary);

/// "13.0" for 13000.
std::string cudaVersionText(int version);

/// A reason not to use a GPU, and the hint for an Error; "" = none.
struct CudaObstacle {
  std::string what, hint;
};

/// The first obstacle on the way to a GPU; empty texts where there is none. `library`: why LibTorch's CUDA
/// could not be loaded, or "". `needed`: the version of CUDA that LibTorch was built with, 0 = not known; a
/// driver serves all versions of its major number and older ones. `visible`: CUDA_VISIBLE_DEVICES, or null.
CudaObstacle obstacleToCuda(const CudaDriver& driver, const std::string& library, int needed,
                            const char* visible);

}  // namespace cv::mixmim
