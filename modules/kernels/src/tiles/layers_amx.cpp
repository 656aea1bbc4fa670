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

#include "tiles/amx.hpp"

#include "tiles/tile_layers.hpp"

}  // namespace

const LayerKernels kAmxLayers = layersOf("amx", multiplyAll);

}  // namespace cv::mixmim
#endif
