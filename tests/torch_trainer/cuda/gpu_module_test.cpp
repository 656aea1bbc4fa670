// How kernels are loaded and launched, on a driver that keeps a record; where compiled ones are kept.
#include "cuda/gpu_module.hpp"

#include <gtest/gtest.h>

#include "cuda/cubin_cache.hpp"
#include "cuda/kernels/arguments.hpp"
#include "cuda/launch_shapes.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/torch_trainer/cuda/host_driver.hpp"

namespace cv::mixmim {
namespace {

std::string textOf(const RecordedLaunch& launch) {
  const auto [gridX, gridY, blockX, blockY] = launch.shape;
  return launch.kernel + " " + std::to_string(gridX) + "x" + std::to_string(gridY) + " blocks of " +
         std::to_string(blockX) + "x" + std::to_string(blockY);
}

std::vector<std::string> launchesOf(const std::function<void(const OwnKernels&)>& work) {
  const HostKernels kernels({at::kFloat, at::kFloat});
  work(*kernels);
  std::vector<std::string> texts;
  for (const RecordedLaunch& launch : hostDevice().launches) {
    EXPECT_EQ(launch.stream, &hostDevice());
    texts.push_back(textOf(launch));
  }
  return texts;
}

struct LaunchCase {
  const char* name;
  std::function<void(const OwnKernels&)> work;
  std::vector<std::string> launches;
};

NormInput normOf(int64_t rows, int64_t width) {
  return {at::ones({rows, width}), {}, {}, at::ones({width}), at::ones({width}), 1e-5, false};
}

TEST(GpuLaunches, FollowFromTheShapes) {
  const auto normsBackward = [](const OwnKernels& kernels) {
    const NormInput input = normOf(20, 300);
    kernels.normaliseBackward(input, kernels.addAndNormalise(input), at::ones({20, 300}), {});
  };
  const LaunchCase cases[] = {
      {"narrow rows share a block",
       [](const OwnKernels& kernels) { kernels.addAndNormalise(normOf(17, 256)); },
       {"mixmimAddAndNormalise 3x1 blocks of 32x8"}},
      {"a wide row has a block",
       [](const OwnKernels& kernels) { kernels.addAndNormalise(normOf(3, 2048)); },
       {"mixmimAddAndNormalise 3x1 blocks of 256x1"}},
      {"backward",
       normsBackward,
       {"mixmimAddAndNormalise 20x1 blocks of 64x1", "mixmimNormaliseBackward 20x1 blocks of 64x1",
        "mixmimSumParts 19x1 blocks of 32x16"}},
      {"sums of columns",
       [](const OwnKernels& kernels) {
         kernels.columnSums(at::ones({650, 132}));
       },
       {"mixmimSumColumns 2x10 blocks of 32x8", "mixmimSumParts 5x1 blocks of 32x16"}},
      {"GELU",
       [](const OwnKernels& kernels) {
         kernels.gelu(at::ones({5, 300}));
       },
       {"mixmimGelu 2x1 blocks of 256x1"}},
      {"patches",
       [](const OwnKernels& kernels) {
         kernels.patchRows(at::zeros({3, 8, 8, 3}, at::kByte), 4, at::arange(3, at::kLong));
       },
       {"mixmimPatchRows 2x1 blocks of 32x8"}},
  };
  for (const LaunchCase& launch : cases) {
    SCOPED_TRACE(launch.name);
    EXPECT_EQ(launchesOf(launch.work), launch.launches);
  }
}

TEST(GpuLaunches, StayWithinWhatADeviceTakes) {
  const LaunchShape rows = normShape(int64_t{1} << 33, kWidestRow, 1 << 16);
  EXPECT_EQ(rows.gridX, 1u << 16);
  EXPECT_EQ(rows.blockX, 512u);
  const SlabShape slabs(int64_t{1} << 31, 128);
  EXPECT_EQ(slabs.slabs, 2048);
  EXPECT_GE(slabs.rowsPerSlab * slabs.slabs, int64_t{1} << 31);
}

TEST(GpuLaunches, RefuseWhatKernelsCannotTake) {
  EXPECT_TRUE(OwnKernels::takesWidth(4));
  EXPECT_TRUE(OwnKernels::takesWidth(4096));
  for (const int64_t width : {0, 6, 4100}) EXPECT_FALSE(OwnKernels::takesWidth(width)) << width;
  EXPECT_TRUE(OwnKernels::takesCell(32));
  EXPECT_FALSE(OwnKernels::takesCell(64));
  const HostKernels kernels({at::kFloat, at::kFloat});
  EXPECT_THROW(kernels->addAndNormalise(normOf(1, 6)), c10::Error);
  EXPECT_THROW(kernels->columnSums(at::ones({2, 6})), c10::Error);
  EXPECT_THROW(kernels->gelu(at::ones({2, 4}, at::kDouble)), c10::Error);
  EXPECT_THROW(kernels->gelu(at::ones({4, 4}).t()), c10::Error);
  EXPECT_THROW(kernels->gelu(at::ones({9}).narrow(0, 1, 8)), c10::Error);
  EXPECT_FALSE(kernels->takesRows(at::ones({9}).narrow(0, 1, 8)));
  EXPECT_TRUE(hostDevice().launches.empty());
}

TEST(GpuModules, SayWhatTheDriverRefuses) {
  hostDevice() = {};
  hostDevice().missing = "mixmimGelu";
  MIXMIM_EXPECT_ERROR(GpuModule(hostDriver(), "cubin"),
                      "NVIDIA's driver: finding mixmimGelu failed with error 500, named symbol not found");
  EXPECT_EQ(hostDevice().modules, 0) << "unloaded";
  hostDevice() = {};
  {
    GpuModule module(hostDriver(), "cubin");
    EXPECT_EQ(hostDevice().modules, 1);
    hostDevice().refusal = 700;
    MIXMIM_EXPECT_ERROR(
        module.launch("mixmimGelu", {1, 1, 32, 1}, gpu::Gelu<void>{}, nullptr),
        "NVIDIA's driver: launching mixmimGelu failed with error 700, an illegal memory access");
    hostDevice().refusal = 999;
    MIXMIM_EXPECT_ERROR(
        module.launch("mixmimGelu", {1, 1, 32, 1}, gpu::Gelu<void>{}, nullptr),
        "NVIDIA's driver: launching mixmimGelu failed with error 999, which it does not know");
  }
  EXPECT_EQ(hostDevice().modules, 0);
}

TEST(GpuModules, AreForTheArchitectureOfTheContext) {
  EXPECT_EQ(currentArchitecture(hostDriver()), "sm_90");
}

TEST(GpuModules, NeedADriver) {
  try {
    kernelDriver();
    GTEST_SKIP() << "this machine has NVIDIA's driver";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "NVIDIA's driver: cannot be loaded: libcuda.so.1: cannot open shared object file: No such "
                 "file or directory; a "
                 "machine without a GPU of NVIDIA has none; use --device cpu");
  }
}

class GpuCubinCache : public ::testing::Test {
 protected:
  std::string cubin(const std::string& folder) {
    return cachedCubin(folder, "kernels.cubin",
                       [&] { return ++compiled_, std::string("code\0of a GPU", 13); });
  }
  std::string folder() const { return (folder_ / "cache/mixmim").string(); }

  test::TempFolder folder_;
  int compiled_ = 0;
};

TEST_F(GpuCubinCache, CompilesOnce) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cubin(folder()), std::string("code\0of a GPU", 13));
  EXPECT_EQ(compiled_, 1);
}

TEST_F(GpuCubinCache, ReplacesDamagedFiles) {
  cubin(folder());
  const std::string file = folder() + "/kernels.cubin", whole = test::contentOf(file);
  for (size_t size = 0; size < whole.size(); ++size) {
    test::writeFile(file, whole.substr(0, size));
    cubin(folder());
    EXPECT_EQ(test::contentOf(file), whole) << size;
  }
  std::string flipped = whole;
  flipped.back() ^= 1;
  test::writeFile(file, flipped);
  EXPECT_EQ(cubin(folder()), std::string("code\0of a GPU", 13));
  EXPECT_EQ(compiled_, static_cast<int>(whole.size()) + 2);
}

TEST_F(GpuCubinCache, IsDoneWithoutWhereNothingCanBeWritten) {
  test::writeFile(folder_ / "a_file", std::string("no folder"));
  for (const std::string& nowhere : {std::string(), (folder_ / "a_file/cache").string()})
    for (int i = 0; i < 2; ++i) EXPECT_EQ(cubin(nowhere), std::string("code\0of a GPU", 13));
  EXPECT_EQ(compiled_, 4);
}

}  // namespace
}  // namespace cv::mixmim
