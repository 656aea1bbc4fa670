#include "opencv2/mixmim/train/cells.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

int strideOf(const ModelConfig& model) {
  constexpr size_t kMostStages = 6;  // stride 4 * 2^5 = 128
  if (model.depths.empty() || model.depths.size() > kMostStages)
    throw Error("model.depths",
                fmt::format("expected 1 to {} stages, got {}", kMostStages, model.depths.size()),
                "write one number of blocks per stage, as in 2,2,18,2");
  return model.patchSize << (model.depths.size() - 1);
}

cv::Size cellsOf(const ModelConfig& model, cv::Size image) {
  const int stride = strideOf(model);
  for (const int side : {image.width, image.height})
    if (side <= 0 || side % stride != 0)
      throw Error("model.imageSize",
                  fmt::format("expected a multiple of the stride {} (patchSize {} * 2^{}), got {}", stride,
                              model.patchSize, model.depths.size() - 1, side),
                  fmt::format("try {}", std::max(stride, (side + stride / 2) / stride * stride)));
  return image / stride;
}

cv::Size cellsOf(const ModelConfig& model) {
  return cellsOf(model, model.imageSize);
}

}  // namespace cv::mixmim
