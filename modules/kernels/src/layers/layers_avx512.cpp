#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx512f")))
#define MIXMIM_LANES 16
#define MIXMIM_ROWS 8

#include "layers/layer_table.hpp"

namespace cv::mixmim {

const LayerKernels kAvx512Layers = layersOf("avx512", nullptr);

}  // namespace cv::mixmim
#endif
