#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx512f")))
#define MIXMIM_LANES 16

#include "tiles/amx.hpp"

#include "layers/layer_table.hpp"

namespace cv::mixmim {

const LayerKernels kAmxLayers = layersOf("amx", multiplyAll);

}  // namespace cv::mixmim
#endif
