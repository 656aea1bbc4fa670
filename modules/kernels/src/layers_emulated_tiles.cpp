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

#include "row_loops.hpp"

#include "products.hpp"

#include "emulated_tiles.hpp"

#include "thirds.hpp"

#include "tiles.hpp"

#include "tile_loops.hpp"

#include "mlp_loops.hpp"

}  // namespace

const LayerKernels kEmulatedTileLayers{
    "emulated tiles", norm,          normBackward, gelu, geluBackward, sizeOfRows, packRows, weightGradient,
    sizeOfRightSide,  packRightSide, multiplyAll,  mlp,  mlpBackward};

}  // namespace cv::mixmim
