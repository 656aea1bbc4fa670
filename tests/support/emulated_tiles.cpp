#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "tests/support/emulated_tiles.hpp"

#define MIXMIM_TARGET

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16;

#include "vectors.hpp"

#include "tests/support/emulated_tile_unit.hpp"

#include "tiles/tile_layers.hpp"

}  // namespace

const LayerKernels kEmulatedTileLayers = layersOf("emulated-tiles", multiplyAll);

namespace {

const bool kAdded = [] {
  addLayerKernels(kEmulatedTileLayers);
  return true;
}();

}  // namespace

}  // namespace cv::mixmim
