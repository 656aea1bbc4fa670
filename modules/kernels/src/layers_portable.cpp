#include "kernels/layers.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>

// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET

namespace cv::mixmim {

namespace {

constexpr int kLanes = 4, kRows = 4;

#include "vectors.hpp"

#include "layer_loops.hpp"

#include "mlp_loops.hpp"

}  // namespace

const LayerKernels kPortableLayers{"portable", norm,           normBackward,  gelu, geluBackward,
                                   packRows,   weightGradient, packRightSide, mlp,  mlpBackward};

std::vector<const LayerKernels*> layerKernels() {
  std::vector<const LayerKernels*> usable;
#if defined(__x86_64__)
  if (cv::checkHardwareSupport(CV_CPU_AVX_512F)) usable.push_back(&kAvx512Layers);
  if (cv::checkHardwareSupport(CV_CPU_AVX2) && cv::checkHardwareSupport(CV_CPU_FMA3))
    usable.push_back(&kAvx2Layers);
#endif
  usable.push_back(&kPortableLayers);
  return usable;
}

}  // namespace cv::mixmim
