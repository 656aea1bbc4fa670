#include "train/model_presets.hpp"

#include <array>
#include <initializer_list>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

struct ModelSize {
  const char* name;
  int embedDim;
  std::initializer_list<int> depths;
  int headDim;
  int decoderDim, decoderDepth, decoderHeads;
};

// base, large and huge are the published ones; small and tiny are ours, for small pictures, demos and tests.
const std::array<ModelSize, 5> kSizes{{
    {"small", 32, {1, 2, 4}, 16, 64, 1, 4},
    {"tiny", 32, {1, 1, 2, 1}, 32, 64, 1, 2},
    {"base", 128, {2, 2, 18, 2}, 32, 512, 8, 16},
    {"large", 192, {2, 2, 18, 2}, 32, 512, 8, 16},
    {"huge", 352, {2, 2, 18, 2}, 32, 512, 8, 16},
}};

}  // namespace

std::vector<std::string> modelNames() {
  std::vector<std::string> names;
  for (const ModelSize& size : kSizes) names.emplace_back(size.name);
  return names;
}

void applyModelPreset(ModelConfig& model) {
  for (const ModelSize& size : kSizes) {
    if (model.name != size.name) continue;
    model.patchSize = 4;
    model.embedDim = size.embedDim;
    model.depths = size.depths;
    model.headDim = size.headDim;
    model.decoderDim = size.decoderDim;
    model.decoderDepth = size.decoderDepth;
    model.decoderHeads = size.decoderHeads;
    return;
  }
  throw Error("model.name", "there is no model called '" + model.name + "'");
}

}  // namespace cv::mixmim
