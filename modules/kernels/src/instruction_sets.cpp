#include "instruction_sets.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include <opencv2/core.hpp>

#include "kernels/layers.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace cv::mixmim {

namespace {

std::string askedFor() {
  const char* variable = std::getenv("MIXMIM_KERNELS");
  return variable ? variable : "";
}

const LayerKernels*& added() {
  static const LayerKernels* kernels = nullptr;
  return kernels;
}

InstructionSet most() {
  const std::string name = askedFor();
  if (name.empty() || name == "amx" || addedKernels()) return InstructionSet::kAmx;
  if (name == "avx512") return InstructionSet::kAvx512;
  if (name == "avx2") return InstructionSet::kAvx2;
  if (name == "portable") return InstructionSet::kPortable;
  throw std::invalid_argument("MIXMIM_KERNELS: expected portable, avx2, avx512 or amx, got " + name +
                              "; unset it for the fastest");
}

#if defined(__x86_64__) && defined(__linux__)
/// A process must ask Linux for tiles before it uses them, because Linux then makes room to save them.
bool askForTiles() {
  constexpr unsigned kTile = 1U << 24, kBfloat16 = 1U << 22;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & kTile) || !(d & kBfloat16)) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool askForTiles() {
  return false;
}
#endif

bool hasTiles() {
  static const bool has = askForTiles();
  return has;
}

}  // namespace

void addLayerKernels(const LayerKernels& kernels) {
  added() = &kernels;
}

const LayerKernels* addedKernels() {
  return added() && askedFor() == added()->name ? added() : nullptr;
}

bool canRun(InstructionSet set) {
  static const InstructionSet kMost = most();
  if (set > kMost) return false;
  switch (set) {
    case InstructionSet::kAmx:
      return cv::checkHardwareSupport(CV_CPU_AVX_512F) && hasTiles();
    case InstructionSet::kAvx512:
      return cv::checkHardwareSupport(CV_CPU_AVX_512F);
    case InstructionSet::kAvx2:
      return cv::checkHardwareSupport(CV_CPU_AVX2) && cv::checkHardwareSupport(CV_CPU_FMA3);
    case InstructionSet::kPortable:
      break;
  }
  return true;
}

}  // namespace cv::mixmim
