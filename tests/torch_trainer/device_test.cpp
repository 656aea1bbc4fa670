// Drivers of GPUs, and errors of LibTorch: their messages.
#include "compute/device.hpp"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <ctime>

#include "compute/cuda_driver.hpp"
#include "compute/device_queues.hpp"
#include "compute/torch_errors.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

CudaDriver driverOf(int version, int gpus) {
  CudaDriver driver;
  driver.version = version;
  driver.gpus.resize(static_cast<size_t>(gpus));
  return driver;
}

TEST(CudaDriver, FirstObstacleIsNamed) {
  CudaDriver none;
  none.missing = "libcuda.so.1: cannot open shared object file: No such file or directory";
  const CudaDriver old = driverOf(12040, 1), fits = driverOf(13000, 1), newer = driverOf(14020, 1),
                   blind = driverOf(13000, 0);
  const struct {
    const char* name;
    CudaDriver driver;
    const char *library, *visible, *what;
  } cases[] = {
      {"no driver", none, "", nullptr,
       "there is no NVIDIA driver (libcuda.so.1: cannot open shared object file: No such file or directory)"},
      {"no driver and no library", none, "libtorch_cuda.so: no", nullptr,
       "there is no NVIDIA driver (libcuda.so.1: cannot open shared object file: No such file or directory)"},
      {"no library", fits, "libtorch_cuda.so: no", nullptr, "libtorch_cuda.so: no"},
      {"old driver", old, "", nullptr,
       "expected an NVIDIA driver for CUDA 13.0, which this LibTorch is built with, got one for CUDA 12.4"},
      {"fitting driver", fits, "", nullptr, ""},
      {"newer driver", newer, "", nullptr, ""},
      {"no GPU", blind, "", nullptr, "no GPU is visible (CUDA_VISIBLE_DEVICES is not set, cuInit gives 0)"},
      {"hidden GPU", blind, "", "7", "no GPU is visible (CUDA_VISIBLE_DEVICES is '7', cuInit gives 0)"},
  };
  for (const auto& c : cases) {
    const CudaObstacle obstacle = obstacleToCuda(c.driver, c.library, 13000, c.visible);
    EXPECT_EQ(obstacle.what, c.what) << c.name;
    EXPECT_EQ(obstacle.hint.empty(), obstacle.what.empty()) << c.name;
  }
  EXPECT_EQ(obstacleToCuda(old, "", /*needed=*/0, nullptr).what, "");  // a LibTorch that does not tell
}

TEST(CudaDriver, IsAskedThroughItsLibrary) {
  const CudaDriver driver = readCudaDriver(MIXMIM_CUDA_STUBS "/libcuda.so.1");
  EXPECT_EQ(driver.missing, "");
  EXPECT_EQ(driver.version, 13010);
  ASSERT_EQ(driver.gpus.size(), 2u);
  EXPECT_EQ(driver.gpus[1].name, "Stub 1");
  EXPECT_EQ(driver.gpus[1].uuid, "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
  EXPECT_EQ(readCudaDriver("libnone.so.1").missing,
            "libnone.so.1: cannot open shared object file: No such file or directory");
}

TEST(Device, OfTheCpuHasNoMemoryAndNoIdentityOfItsOwn) {
  EXPECT_FALSE(memoryOf(at::kCPU));
  EXPECT_EQ(identityOf(at::kCPU), "");
}

template <class Failure>
void failOn(const std::string& device, const std::string& reason) {
  try {
    throw Failure({__func__, __FILE__, 1}, reason);
  } catch (const c10::Error& e) {
    throwNamed(e, device);
  }
}

TEST(TorchErrors, HaveOneLineAndSayWhatHelps) {
  const std::string help =
      "; a smaller --data.batch needs less; in training --optim.accumulate makes up for it, and --precision "
      "bfloat16 halves most of it";
  const std::string gpu = "cuda:1: out of memory: CUDA out of memory. Tried to allocate 2.00 GiB." + help,
                    cpu = "cpu: out of memory: DefaultCPUAllocator: can't allocate memory: 9 bytes" + help;
  MIXMIM_EXPECT_ERROR(
      failOn<c10::OutOfMemoryError>("cuda:1", "CUDA out of memory. Tried to allocate 2.00 GiB.\nmore"),
      gpu.c_str());
  MIXMIM_EXPECT_ERROR(
      failOn<c10::Error>(
          "cpu",
          "[enforce fail at alloc_cpu.cpp:1] err == 0. DefaultCPUAllocator: can't allocate memory: 9 bytes"),
      cpu.c_str());
  MIXMIM_EXPECT_ERROR(failOn<c10::Error>("cuda:0", "CUDA error: misaligned address\nstack"),
                      "cuda:0: LibTorch failed: CUDA error: misaligned address");
}

double processorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(QuietWait, LeavesTheCoreToOthers) {
  const double before = processorSeconds();
  const auto start = std::chrono::steady_clock::now();
  int asked = 0;
  waitQuietly([&] {
    ++asked;
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(300);
  });
  EXPECT_GT(asked, 1);
  EXPECT_LT(processorSeconds() - before, 0.15);
  waitQuietly([] { return true; });
}

}  // namespace
}  // namespace cv::mixmim
