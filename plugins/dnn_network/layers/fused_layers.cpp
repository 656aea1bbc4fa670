#include "layers/fused_layers.hpp"

#include <mutex>

#include "layers/fused_layer.hpp"

namespace cv::mixmim {

float epsilonOf(const LayerParams& params) {
  return params.get<float>(fused::kEpsilon);
}

void registerFusedLayers() {
  static std::once_flag once;
  std::call_once(once, [] {
    using cv::dnn::LayerFactory;
    LayerFactory::registerLayer(fused::kPatchEmbedding, makePatchEmbedding);
    LayerFactory::registerLayer(fused::kTokenEmbedding, makeTokenEmbedding);
    LayerFactory::registerLayer(fused::kAttention, makeAttention);
    LayerFactory::registerLayer(fused::kReducedAttention, makeReducedAttention);
    LayerFactory::registerLayer(fused::kMlp, makeMlp);
    LayerFactory::registerLayer(fused::kConvolvedMlp, makeConvolvedMlp);
    LayerFactory::registerLayer(fused::kPositions, makePositions);
    LayerFactory::registerLayer(fused::kNorm, makeNorm);
    LayerFactory::registerLayer(fused::kMerging, makeMerging);
    LayerFactory::registerLayer(fused::kPool, makePool);
    LayerFactory::registerLayer(fused::kClassifier, makeClassifier);
  });
}

}  // namespace cv::mixmim
