// Devices as a user meets them: what stands in the way of a GPU, and memory that is used up.
#include <gtest/gtest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

constexpr const char* kBench = MIXMIM_PROGRAM " bench train --model small --size 32 --batch 4 --seconds 1 ";
constexpr const char* kStubs = "LD_LIBRARY_PATH=" MIXMIM_CUDA_STUBS " ";

class Devices : public ::testing::Test {
 protected:
  const TempFolder folder_;
  const std::filesystem::path here_ = folder_.path();
};

TEST_F(Devices, SayWhatStandsInTheWayOfAGpu) {
  const struct {
    const char *name, *variables, *message;
  } cases[] = {
      {"old driver", "STUB_VERSION=12040",
       "CUDA cannot be used: expected an NVIDIA driver for CUDA 13.0, which this LibTorch is built with, got "
       "one for CUDA 12.4; update the driver, use --device cpu, or a LibTorch for an older CUDA "
       "(MIXMIM_TORCH_ROOT)"},
      {"hidden", "STUB_GPUS=0 STUB_INIT=100 CUDA_VISIBLE_DEVICES=",
       "CUDA cannot be used: no GPU is visible (CUDA_VISIBLE_DEVICES is '', cuInit gives 100); use --device "
       "cpu, or give this process a GPU"},
      {"a LibTorch that does not register", "STUB_GPUS=2",
       "CUDA cannot be used: LibTorch knows none of the driver's 2 GPUs; load this plugin before anything "
       "else computes with LibTorch in this process"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Outcome outcome =
        runIn(here_, std::string("env ") + c.variables + " " + kStubs + kBench + "--device cuda");
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_EQ(outcome.err, std::string("mixmim: error: run.device: ") + c.message + "\n");
  }
}

/// The stub comes before a driver that this machine may have.
TEST_F(Devices, AreDescribed) {
  const auto trainerOf = [](const std::string& info) {
    const boost::json::value all = boost::json::parse(info);
    for (const boost::json::value& plugin : all.at("plugins").as_array())
      if (plugin.at("name") == "torch_trainer") return plugin.at("description").as_object();
    return boost::json::object();
  };
  const auto described = [&](const std::string& variables) {
    return trainerOf(runIn(here_, "env " + variables + " " + kStubs + MIXMIM_PROGRAM " info --json").out);
  };
  const boost::json::object usual = described("STUB_GPUS=2"), old = described("STUB_VERSION=12040");
  EXPECT_EQ(usual.at("cuda"), "LibTorch for CUDA 13.0, driver for CUDA 13.1");
  EXPECT_EQ(usual.at("gpus"), (boost::json::array{"Stub 0", "Stub 1"}));
  EXPECT_EQ(old.at("cuda"),
            "expected an NVIDIA driver for CUDA 13.0, which this LibTorch is built with, got one for CUDA "
            "12.4");
}

/// LibTorch decides at its first computation whether it has CUDA, so a training on the CPU must load it
/// first.
TEST_F(Devices, OfTheCpuLoadCudaWhereThereIsADriver) {
  const Outcome outcome =
      runIn(here_, std::string("env STUB_LOG=loaded.txt ") + kStubs + kBench + "--device cpu");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(contentOf(here_ / "loaded.txt"), "libtorch_cuda.so\n");
}

TEST_F(Devices, SayWhatHelpsWhenMemoryIsUsedUp) {
  const Outcome outcome =
      runIn(here_, std::string("ulimit -v 1900000; ") + MIXMIM_PROGRAM
                       " bench train --model small --size 64 --batch 4096 --threads 1 --seconds 1");
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(outcome.err.find("mixmim: error: cpu: out of memory: DefaultCPUAllocator: "), 0u) << outcome.err;
  EXPECT_NE(outcome.err.find("; a smaller --data.batch needs less; in training --optim.accumulate makes up "
                             "for it, and --precision bfloat16 halves most of it\n"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

}  // namespace
}  // namespace cv::mixmim::test
