#define MIXMIM_TARGET
#define MIXMIM_LANES 16

#include "tests/support/emulated_tiles.hpp"

#include "tests/support/emulated_tile_unit.hpp"

#include "layers/layer_table.hpp"

namespace cv::mixmim {

const LayerKernels kEmulatedTileLayers = layersOf("emulated-tiles", multiplyAll);

namespace {

const bool kAdded = [] {
  addLayerKernels(kEmulatedTileLayers);
  return true;
}();

}  // namespace

}  // namespace cv::mixmim
