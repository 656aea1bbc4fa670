#if defined(__x86_64__)
#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>

#define MIXMIM_TARGET __attribute__((target("avx512f")))

namespace cv::mixmim {

namespace {

constexpr int kLanes = 16, kRows = 8;

#include "vectors.hpp"

#include "row_loops.hpp"

#include "products.hpp"

#include "product_loops.hpp"

#include "mlp_loops.hpp"

}  // namespace

const LayerKernels kAvx512Layers{
    "avx512",        norm,          normBackward, gelu, geluBackward, sizeOfRows, packRows, weightGradient,
    sizeOfRightSide, packRightSide, nullptr,      mlp,  mlpBackward};

}  // namespace cv::mixmim
#endif
