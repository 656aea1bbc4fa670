#include "train/model_presets.hpp"

#include <array>
#include <initializer_list>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

struct Decoder {
  int dim, depth, heads;
};

constexpr Decoder kSmallDecoder{64, 1, 2}, kPaperDecoder{512, 8, 16};  // the latter for every published size

struct ModelSize {
  const char* name;
  Family encoder;
  int window;
  int embedDim;
  std::initializer_list<int> depths;
  int headDim;
  Decoder decoder;
};

// base, large and huge are the published ones; small and tiny are ours, for small pictures, demos and tests.
// Swin's are those of its paper; with w14 they have windows of 14 tokens, as MixMIM's.
const std::array<ModelSize, 13> kSizes{{
    {"small", Family::kMixMim, 0, 32, {1, 2, 4}, 16, {64, 1, 4}},
    {"tiny", Family::kMixMim, 0, 32, {1, 1, 2, 1}, 32, kSmallDecoder},
    {"base", Family::kMixMim, 0, 128, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"large", Family::kMixMim, 0, 192, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"huge", Family::kMixMim, 0, 352, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_t", Family::kSwin, 7, 96, {2, 2, 6, 2}, 32, kPaperDecoder},
    {"swin_s", Family::kSwin, 7, 96, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_b", Family::kSwin, 7, 128, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_l", Family::kSwin, 7, 192, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_t_w14", Family::kSwin, 14, 96, {2, 2, 6, 2}, 32, kPaperDecoder},
    {"swin_s_w14", Family::kSwin, 14, 96, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_b_w14", Family::kSwin, 14, 128, {2, 2, 18, 2}, 32, kPaperDecoder},
    {"swin_l_w14", Family::kSwin, 14, 192, {2, 2, 18, 2}, 32, kPaperDecoder},
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
    model.encoder = size.encoder;
    model.window = size.window;
    model.patchSize = 4;
    model.embedDim = size.embedDim;
    model.depths = size.depths;
    model.headDim = size.headDim;
    model.decoderDim = size.decoder.dim;
    model.decoderDepth = size.decoder.depth;
    model.decoderHeads = size.decoder.heads;
    return;
  }
  throw Error("model.name", "there is no model called '" + model.name + "'");
}

}  // namespace cv::mixmim
