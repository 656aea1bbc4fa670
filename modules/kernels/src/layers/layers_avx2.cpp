#if defined(__x86_64__)
#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>

#define MIXMIM_TARGET __attribute__((target("avx2,fma")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 8, kRows = 6;

#include "vectors.hpp"

#include "layers/register_layers.hpp"

}  // namespace

const LayerKernels kAvx2Layers = layersOf("avx2", nullptr);

}  // namespace cv::mixmim
#endif
