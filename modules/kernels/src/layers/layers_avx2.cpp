#if defined(__x86_64__)
#define MIXMIM_TARGET __attribute__((target("avx2,fma")))
#define MIXMIM_LANES 8
#define MIXMIM_ROWS 6

#include "layers/layer_table.hpp"

namespace cv::mixmim {

const LayerKernels kAvx2Layers = layersOf("avx2", nullptr);

}  // namespace cv::mixmim
#endif
