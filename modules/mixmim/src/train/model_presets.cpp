#include "train/model_presets.hpp"

#include <utility>
#include <vector>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

struct Decoder {
  int dim, depth, heads;
};

constexpr Decoder kSmallDecoder{64, 1, 2}, kPaperDecoder{512, 8, 16};  // the latter for every published size

using Numbers = std::vector<int>;

/// Widths, blocks and MLPs of the four stages.
struct Stages {
  Numbers dims;  ///< one number = that of the first stage, doubled from stage to stage
  Numbers depths;
  Numbers mlpRatios = {};  ///< none = 4 in all stages
};

struct ModelSize {
  const char* name;
  Family encoder;
  Stages stages;
  int headDim = 32;
  Decoder decoder = kPaperDecoder;
  int window = 0;
  double dropPath = 0.1;  ///< of fine-tuning
};

constexpr double kDeepDropPath = 0.3;

Stages pvt(Numbers depths) {
  return {{64, 128, 320, 512}, std::move(depths), {8, 8, 4, 4}};
}

ModelSize swin(const char* name, int width, int blocks, int window) {
  return {name, Family::kSwin, {{width}, {2, 2, blocks, 2}}, 32, kPaperDecoder, window};
}

ModelSize reduced(const char* name, Family family, Stages stages, int headDim, double dropPath = 0.1) {
  return {name, family, std::move(stages), headDim, kPaperDecoder, 0, dropPath};
}

// base, large and huge are the published ones; small and tiny are ours, for small pictures, demos and tests.
// The sizes of other encoders are those of their papers; Swin's with w14 have windows of 14 tokens, as
// MixMIM's. Drop path: as its authors train the deep ones.
const std::vector<ModelSize>& sizes() {
  constexpr Family kMixMim = Family::kMixMim, kPvt = Family::kPvt, kSvt = Family::kTwinsSvt,
                   kPcpvt = Family::kTwinsPcpvt, kPvtV2 = Family::kPvtV2;
  static const std::vector<ModelSize> all{
      {"small", kMixMim, {{32}, {1, 2, 4}}, 16, {64, 1, 4}},
      {"tiny", kMixMim, {{32}, {1, 1, 2, 1}}, 32, kSmallDecoder},
      {"base", kMixMim, {{128}, {2, 2, 18, 2}}},
      {"large", kMixMim, {{192}, {2, 2, 18, 2}}},
      {"huge", kMixMim, {{352}, {2, 2, 18, 2}}},
      swin("swin_t", 96, 6, 7),
      swin("swin_s", 96, 18, 7),
      swin("swin_b", 128, 18, 7),
      swin("swin_l", 192, 18, 7),
      swin("swin_t_w14", 96, 6, 14),
      swin("swin_s_w14", 96, 18, 14),
      swin("swin_b_w14", 128, 18, 14),
      swin("swin_l_w14", 192, 18, 14),
      reduced("pvt_tiny", kPvt, pvt({2, 2, 2, 2}), 64),
      reduced("pvt_small", kPvt, pvt({3, 4, 6, 3}), 64),
      reduced("pvt_medium", kPvt, pvt({3, 4, 18, 3}), 64, kDeepDropPath),
      reduced("pvt_large", kPvt, pvt({3, 8, 27, 3}), 64, kDeepDropPath),
      reduced("twins_svt_s", kSvt, {{64}, {2, 2, 10, 4}}, 32),
      reduced("twins_svt_b", kSvt, {{96}, {2, 2, 18, 2}}, 32, kDeepDropPath),
      reduced("twins_svt_l", kSvt, {{128}, {2, 2, 18, 2}}, 32),
      reduced("twins_pcpvt_s", kPcpvt, pvt({3, 4, 6, 3}), 64),
      reduced("twins_pcpvt_b", kPcpvt, pvt({3, 4, 18, 3}), 64),
      reduced("twins_pcpvt_l", kPcpvt, pvt({3, 8, 27, 3}), 64),
      reduced("pvt_v2_b0", kPvtV2, {{32, 64, 160, 256}, {2, 2, 2, 2}, {8, 8, 4, 4}}, 32),
      reduced("pvt_v2_b1", kPvtV2, pvt({2, 2, 2, 2}), 64),
      reduced("pvt_v2_b2", kPvtV2, pvt({3, 4, 6, 3}), 64),
      reduced("pvt_v2_b3", kPvtV2, pvt({3, 4, 18, 3}), 64, kDeepDropPath),
      reduced("pvt_v2_b4", kPvtV2, pvt({3, 8, 27, 3}), 64, kDeepDropPath),
      reduced("pvt_v2_b5", kPvtV2, {{64, 128, 320, 512}, {3, 6, 40, 3}}, 64, kDeepDropPath),
  };
  return all;
}

}  // namespace

std::vector<std::string> modelNames() {
  std::vector<std::string> names;
  for (const ModelSize& size : sizes()) names.emplace_back(size.name);
  return names;
}

void applyModelPreset(Task task, ModelConfig& model) {
  for (const ModelSize& size : sizes()) {
    if (model.name != size.name) continue;
    model.encoder = size.encoder;
    model.window = size.window;
    model.patchSize = 4;
    model.embedDim = size.stages.dims.front();
    model.dims = size.stages.dims.size() > 1 ? size.stages.dims : Numbers{};
    model.depths = size.stages.depths;
    model.headDim = size.headDim;
    model.mlpRatios = size.stages.mlpRatios;
    model.decoderDim = size.decoder.dim;
    model.decoderDepth = size.decoder.depth;
    model.decoderHeads = size.decoder.heads;
    if (task == Task::kFinetune) model.dropPath = size.dropPath;
    return;
  }
  throw Error("model.name", "there is no model called '" + model.name + "'");
}

}  // namespace cv::mixmim
