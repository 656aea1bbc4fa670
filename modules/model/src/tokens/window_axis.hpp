// One axis of a grid that is cut into shifted windows.
#pragma once

#include "model/plan.hpp"

namespace cv::mixmim {

/// Each token's window along an axis, its place there, and its piece of it. Without a shift a window is one
/// piece.
struct WindowAxis {
  int grid, window, shift;

  int rolled(int token) const { return (token - shift + grid) % grid; }
  int windowOf(int token) const { return rolled(token) / window; }
  int placeOf(int token) const { return rolled(token) % window; }
  int pieceOf(int token) const { return token < shift ? 1 : 0; }  // what was rolled over the border
};

inline WindowAxis rowsOf(cv::Size grid, const Block& block) {
  return {grid.height, block.window.height, block.shift.height};
}
inline WindowAxis columnsOf(cv::Size grid, const Block& block) {
  return {grid.width, block.window.width, block.shift.width};
}

}  // namespace cv::mixmim
