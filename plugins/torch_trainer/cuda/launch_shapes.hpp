// Blocks and threads of the kernels, from the shapes of their tensors alone: the order of sums must not
// depend on the GPU.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/gpu_module.hpp"

namespace cv::mixmim {

inline constexpr int64_t kWarpThreads = 32;
inline constexpr int64_t kColumnsOfBlock = 128;     ///< in sums of columns: four of each thread of a warp
inline constexpr int64_t kWidestRow = 512 * 4 * 2;  ///< threads, neighbours, and groups of them in registers
inline constexpr int64_t kLargestCell = 256 * 16;   ///< threads, and numbers in registers

inline int64_t ceilDivided(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

inline LaunchShape shapeOf(int64_t gridX, int64_t gridY, int64_t blockX, int64_t blockY) {
  return {static_cast<unsigned>(gridX), static_cast<unsigned>(gridY), static_cast<unsigned>(blockX),
          static_cast<unsigned>(blockY)};
}

/// LayerNorm: as few threads for a row as keep it in registers, whole warps; narrow rows share a block. At
/// most `mostBlocks`, each of which then takes further rows.
inline LaunchShape normShape(int64_t rows, int64_t width, int64_t mostBlocks) {
  int64_t threads = kWarpThreads;
  while (threads * 8 < width) threads *= 2;
  const int64_t together = threads == kWarpThreads ? 8 : 1;
  return shapeOf(std::min(ceilDivided(rows, together), mostBlocks), 1, threads, together);
}

/// Sums of columns: rows cut into slabs, so many that they fill a GPU and so few that their sums are few.
struct SlabShape {
  SlabShape(int64_t rows, int64_t width) {
    constexpr int64_t kBlocks = 2048, kFewestRows = 64;
    const int64_t across = ceilDivided(width, kColumnsOfBlock);
    const int64_t wanted = std::clamp<int64_t>(rows / kFewestRows, 1, std::max<int64_t>(1, kBlocks / across));
    rowsPerSlab = ceilDivided(rows, wanted);
    slabs = ceilDivided(rows, rowsPerSlab);
    launch = shapeOf(across, slabs, kWarpThreads, 8);
  }

  int64_t rowsPerSlab, slabs;
  LaunchShape launch;
};

}  // namespace cv::mixmim
