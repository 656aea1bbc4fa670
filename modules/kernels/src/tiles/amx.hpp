// The tile unit of Intel's AMX.
#pragma once

#define MIXMIM_TILE_UNIT  // products go by tiles (compiled_for.hpp)

#include <cstdint>

namespace cv::mixmim {

namespace {

/// All eight tiles with 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  uint8_t palette = 1, firstRow = 0, unused[14] = {};
  uint16_t bytesOfRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
inline constexpr TileShapes kTileShapes;

/// AMX as inline assembly, because the intrinsics do not tell compilers that memory is read.
class TileUnit {
 public:
  TileUnit() { asm volatile("ldtilecfg %0" ::"m"(kTileShapes)); }
  /// Releases the tiles, because a thread that has tiles in use is slower to switch to and from.
  ~TileUnit() { asm volatile("tilerelease" ::); }
  TileUnit(const TileUnit&) = delete;
  TileUnit& operator=(const TileUnit&) = delete;

  template <int kTile>
  void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  template <int kTile>
  void load(const float* from, int64_t step) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(kTile), "r"(from), "r"(step) : "memory");
  }
  template <int kTile>
  void store(float* to, int64_t step) {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(kTile), "r"(to), "r"(step) : "memory");
  }
  template <int kSums, int kLeft, int kRight>
  void addProducts() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kLeft), "i"(kRight));
  }
};

}  // namespace

}  // namespace cv::mixmim
