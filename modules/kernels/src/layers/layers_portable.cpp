// The compiler's own vectors: SSE, NEON or whatever every processor of the kind has.
#define MIXMIM_TARGET
#define MIXMIM_LANES 4
#define MIXMIM_ROWS 4

#include <stdexcept>

#include "instruction_sets.hpp"
#include "layers/layer_table.hpp"

namespace cv::mixmim {

const LayerKernels kPortableLayers = layersOf("portable", nullptr);

std::vector<const LayerKernels*> layerKernels() {
  std::vector<const LayerKernels*> usable;
  if (addedKernels()) usable.push_back(addedKernels());
#if defined(__x86_64__)
  if (canRun(InstructionSet::kAmx)) usable.push_back(&kAmxLayers);
  if (canRun(InstructionSet::kAvx512)) usable.push_back(&kAvx512Layers);
  if (canRun(InstructionSet::kAvx2)) usable.push_back(&kAvx2Layers);
#endif
  usable.push_back(&kPortableLayers);
  return usable;
}

std::string nameOfKernels() {
  try {
    return layerKernels().front()->name;
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

}  // namespace cv::mixmim
