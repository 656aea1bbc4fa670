// Every kernel compiles for the architectures of data centres, needs few registers, and keeps all of its
// numbers in them. NVRTC does that without a GPU; `./run test` fetches it, and where it is not there these
// tests are skipped.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "cuda/gpu_module.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

/// Threads of a block, and how many registers one of them may need so that at least half of the threads that
/// an SM takes (or a third, of the largest kernels) are in it at once.
struct Bound {
  int threads, registers;
};

const std::map<std::string, Bound> kBounds{
    {"mixmimAddAndNormalise", {256, 64}},
    {"mixmimNormaliseBackward", {256, 96}},
    {"mixmimSumParts", {512, 40}},
    {"mixmimSumColumns", {256, 48}},
    {"mixmimGelu", {256, 40}},
    {"mixmimGeluBackward", {256, 64}},
    {"mixmimDepthwise", {256, 80}},
    {"mixmimDepthwiseSums", {256, 64}},
    {"mixmimPatchRows", {256, 40}},
    {"mixmimReconstructionLoss", {256, 80}},
};

struct Needs {
  int stack = -1, stores = -1, loads = -1, registers = -1;
};

/// What ptxas says of every kernel.
std::map<std::string, Needs> needsIn(const std::string& log) {
  static const std::regex pattern(
      R"(entry function '(\w+)'[^]*?(\d+) bytes stack frame, (\d+) bytes spill stores, )"
      R"((\d+) bytes spill loads[^]*?Used (\d+) registers)");
  std::map<std::string, Needs> needs;
  for (std::sregex_iterator found(log.begin(), log.end(), pattern), end; found != end; ++found)
    needs[(*found)[1]] = {std::stoi((*found)[2]), std::stoi((*found)[3]), std::stoi((*found)[4]),
                          std::stoi((*found)[5])};
  return needs;
}

/// Share of an SM's 2048 threads that its 65,536 registers hold; a warp takes them by 256.
int occupancyPercent(const Bound& bound, int registers) {
  const int ofWarp = (registers * 32 + 255) / 256 * 256, warps = bound.threads / 32;
  return 100 * (65536 / (ofWarp * warps)) * bound.threads / 2048;
}

struct Target {
  const char* architecture;
  StoredType stored;
};

class GpuCompiler : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    try {
      nvrtc_ = std::make_unique<Nvrtc>(std::vector<std::string>{MIXMIM_NVRTC});
    } catch (const Error& error) {
      reason_ = error.what();
    }
  }
  void SetUp() override {
    if (!nvrtc_) GTEST_SKIP() << "no NVRTC; third_party/fetch_nvrtc.sh fetches it: " << reason_;
  }

  static std::unique_ptr<Nvrtc> nvrtc_;
  static std::string reason_;
};

std::unique_ptr<Nvrtc> GpuCompiler::nvrtc_;
std::string GpuCompiler::reason_;

TEST_F(GpuCompiler, TakesEveryKernelWithoutSpills) {
  for (const Target& target : {Target{"sm_80", StoredType::kBfloat16},
                               {"sm_80", StoredType::kFloat},
                               {"sm_90", StoredType::kBfloat16},
                               {"sm_100", StoredType::kBfloat16}}) {
    SCOPED_TRACE(target.architecture);
    const CompiledKernels compiled = nvrtc_->compile(kernelFiles(), target.architecture, target.stored);
    EXPECT_EQ(compiled.cubin.substr(0, 4),
              "\x7f"
              "ELF");
    const std::map<std::string, Needs> all = needsIn(compiled.log);
    EXPECT_EQ(all.size(), kBounds.size()) << compiled.log;
    for (const auto& [name, needs] : all) {
      ASSERT_EQ(kBounds.count(name), 1u) << name;
      const Bound& bound = kBounds.at(name);
      EXPECT_EQ(needs.stack + needs.stores + needs.loads, 0) << name;
      EXPECT_LE(needs.registers, bound.registers) << name;
      std::printf("%-7s %-8s %-25s %3d registers, %3d %% of an SM's threads\n", target.architecture,
                  target.stored == StoredType::kFloat ? "float32" : "bfloat16", name.c_str(), needs.registers,
                  occupancyPercent(bound, needs.registers));
    }
  }
}

TEST_F(GpuCompiler, KeepsKernelsByAllThatTheyFollowFrom) {
  const test::TempFolder folder;
  const std::string cubin = cubinOfKernels(*nvrtc_, "sm_80", StoredType::kFloat, folder.path().string());
  const std::string file = hashOfKernels() + "-sm_80-float32-nvrtc" + nvrtc_->version() + ".cubin";
  EXPECT_EQ(test::contentOf(folder / file).substr(16), cubin);
  EXPECT_EQ(cubinOfKernels(*nvrtc_, "sm_80", StoredType::kFloat, folder.path().string()), cubin);
}

TEST_F(GpuCompiler, SaysWhatItCannotCompile) {
  const std::vector<KernelFile> wrong{{"wrong.cu", "__global__ void kernel() { nothing(); }"}};
  MIXMIM_EXPECT_ERROR(
      nvrtc_->compile(wrong, "sm_90", StoredType::kFloat),
      "NVRTC: cannot compile the kernels for sm_90: NVRTC_ERROR_COMPILATION, wrong.cu(1): error: identifier "
      "\"nothing\" is undefined");
  MIXMIM_EXPECT_ERROR(nvrtc_->compile(wrong, "sm_1", StoredType::kFloat),
                      "NVRTC: cannot compile the kernels for sm_1: NVRTC_ERROR_INVALID_OPTION, nvrtc: error: "
                      "invalid value for "
                      "--gpu-architecture (-arch)");
}

TEST(GpuKernelFiles, AreAllThereAndHaveAHash) {
  std::string names;
  for (const KernelFile& file : kernelFiles()) names += std::string(file.name).substr(13) + " ";
  EXPECT_EQ(
      names,
      "entries.cu arguments.hpp numbers.hpp sums.hpp normalise.hpp gelu.hpp convolution.hpp pixels.hpp ");
  EXPECT_EQ(hashOfKernels().size(), 16u);
}

}  // namespace
}  // namespace cv::mixmim
