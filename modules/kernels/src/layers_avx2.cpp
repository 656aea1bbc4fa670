#if defined(__x86_64__)
#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>

#define MIXMIM_TARGET __attribute__((target("avx2,fma")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 8, kRows = 6;

#include "vectors.hpp"

#include "row_loops.hpp"

#include "products.hpp"

#include "product_loops.hpp"

#include "mlp_loops.hpp"

}  // namespace

const LayerKernels kAvx2Layers{
    "avx2",          norm,          normBackward, gelu, geluBackward, sizeOfRows, packRows, weightGradient,
    sizeOfRightSide, packRightSide, nullptr,      mlp,  mlpBackward};

}  // namespace cv::mixmim
#endif
