// All loops of kernels/layers.hpp, for the includer's instruction set and its kind of products
// (compiled_for.hpp), and their table.
#pragma once

#include "kernels/layers.hpp"
#include "layers/mlp_loops.hpp"
#include "layers/row_loops.hpp"

namespace cv::mixmim {

namespace {

constexpr LayerKernels layersOf(const char* name,
                                void (*multiplied)(const RowProduct& product, KernelScratch& scratch)) {
  return {name,       norm,           normBackward,    gelu,          geluBackward, sizeOfRows,
          packRows,   weightGradient, sizeOfRightSide, packRightSide, multiplied,   mlp,
          mlpBackward};
}

}  // namespace

}  // namespace cv::mixmim
