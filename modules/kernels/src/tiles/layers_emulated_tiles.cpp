#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/layers.hpp"

#define MIXMIM_TARGET

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16;

#include "vectors.hpp"

#include "tiles/emulated_tiles.hpp"

#include "tiles/tile_layers.hpp"

}  // namespace

const LayerKernels kEmulatedTileLayers = layersOf("emulated tiles", multiplyAll);

}  // namespace cv::mixmim
