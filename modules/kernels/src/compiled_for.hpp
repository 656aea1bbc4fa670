// The instruction set that a file compiles loops for. The file says it before its first include:
//   MIXMIM_TARGET  attribute of every function
//   MIXMIM_LANES   floats of a register
//   MIXMIM_ROWS    rows of a product's tile; two or three times as many sums stay in registers
// A header with a unit that multiplies tiles (tiles.hpp) says MIXMIM_TILE_UNIT, and products go by tiles
// where it is included before the loops. A header of loops that is opened alone, by an editor or a test, is
// read with the shapes of AVX-512.
#pragma once

#ifndef MIXMIM_TARGET
#define MIXMIM_TARGET
#define MIXMIM_LANES 16
#define MIXMIM_ROWS 8
#endif

namespace cv::mixmim {

namespace {

inline constexpr int kLanes = MIXMIM_LANES;

}  // namespace

}  // namespace cv::mixmim
