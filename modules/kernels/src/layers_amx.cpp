#if defined(__x86_64__)
#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#define MIXMIM_TARGET __attribute__((target("avx512f")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16;

#include "vectors.hpp"

#include "row_loops.hpp"

#include "products.hpp"

#include "amx.hpp"

#include "thirds.hpp"

#include "tiles.hpp"

#include "tile_loops.hpp"

#include "mlp_loops.hpp"

}  // namespace

const LayerKernels kAmxLayers{
    "amx",           norm,          normBackward, gelu, geluBackward, sizeOfRows, packRows, weightGradient,
    sizeOfRightSide, packRightSide, multiplyAll,  mlp,  mlpBackward};

}  // namespace cv::mixmim
#endif
