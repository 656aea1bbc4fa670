// The loops by tiles on any processor, slowly. A test that links mixmim_emulated_tiles runs them wherever
// MIXMIM_KERNELS is "emulated-tiles".
#pragma once

#include "kernels/layers.hpp"

namespace cv::mixmim {

extern const LayerKernels kEmulatedTileLayers;

}  // namespace cv::mixmim
