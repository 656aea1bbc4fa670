#include "opencv2/mixmim/train/geometry.hpp"

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr int kLargestFreeWindow = 14;

/// The window of a stage with `grid` tokens per side.
int windowOf(const ModelConfig& model, int grid) {
  if (model.imageSize == 384 && model.patchSize == 4) {  // the published 384 models use larger windows
    if (grid == 96 || grid == 48) return 16;
    if (grid == 24) return 24;
  }
  for (int window = std::min(grid, kLargestFreeWindow); window > 1; --window)
    if (grid % window == 0) return window;
  return 1;
}

[[noreturn]] void reject(const std::string& key, const std::string& what, const std::string& hint) {
  throw Error("model." + key, what, hint);
}

void checkSizes(const ModelConfig& model, int stride) {
  if (model.imageSize % stride != 0)
    reject("imageSize",
           fmt::format("expected a multiple of the stride {} (patchSize {} * 2^{}), got {}", stride,
                       model.patchSize, model.depths.size() - 1, model.imageSize),
           fmt::format("try {}", std::max(stride, (model.imageSize + stride / 2) / stride * stride)));
  if (model.embedDim % model.headDim != 0)
    reject("headDim", fmt::format("expected a divisor of embedDim {}, got {}", model.embedDim, model.headDim),
           "every stage has dim / headDim heads");
  if (model.embedDim % 4 != 0)
    reject("embedDim", fmt::format("expected a multiple of 4, got {}", model.embedDim),
           "the position embedding has four parts");
  if (model.decoderDim % 4 != 0)
    reject("decoderDim", fmt::format("expected a multiple of 4, got {}", model.decoderDim),
           "the position embedding has four parts");
  if (model.decoderDim % model.decoderHeads != 0)
    reject("decoderHeads",
           fmt::format("expected a divisor of decoderDim {}, got {}", model.decoderDim, model.decoderHeads),
           "each head takes an equal share of the width");
}

}  // namespace

Geometry geometryOf(const ModelConfig& model) {
  constexpr size_t kMostStages = 6;  // stride 4 * 2^5 = 128
  if (model.depths.empty() || model.depths.size() > kMostStages)
    reject("depths", fmt::format("expected 1 to {} stages, got {}", kMostStages, model.depths.size()),
           "write one number of blocks per stage, as in 2,2,18,2");
  const int stages = static_cast<int>(model.depths.size());
  const int stride = model.patchSize << (stages - 1);
  checkSizes(model, stride);

  Geometry geometry{model.imageSize, model.patchSize, stride, model.imageSize / stride, 0, {}};
  for (int s = 0; s < stages; ++s) {
    const int dim = model.embedDim << s, grid = model.imageSize / (model.patchSize << s);
    const int depth = model.depths[static_cast<size_t>(s)];
    geometry.stages.push_back(
        {dim, depth, dim / model.headDim, grid, windowOf(model, grid), geometry.blocks});
    geometry.blocks += depth;
  }
  return geometry;
}

}  // namespace cv::mixmim
