#if defined(__x86_64__)
#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>

#define MIXMIM_TARGET __attribute__((target("avx512f")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16, kRows = 8;

#include "vectors.hpp"

#include "layers/register_layers.hpp"

}  // namespace

const LayerKernels kAvx512Layers = layersOf("avx512", nullptr);

}  // namespace cv::mixmim
#endif
