// The hierarchical window Transformer of MixMIM (paper section 3.2, official class MixMIM). One class for
// pretraining and fine-tuning: the only difference is the group mask.
#pragma once

#include <vector>

#include "plugins/torch_trainer/layers.hpp"

namespace cv::mixmim {

/// Which tokens may attend to each other when an image is a mixture of two: per stage windows x 1 x N x N, 0
/// inside a group, -inf across. `cells`: cells x cells, bool, true = the partner's.
std::vector<at::Tensor> groupMasks(const at::Tensor& cells, const Geometry& geometry);

class Encoder {
 public:
  Encoder(const Weights& weights, const ModelConfig& model);

  /// images: B x S x S x 3, normalised -> B x L x C tokens of the last stage (one per mask cell), normalised.
  /// `masks` is empty for whole images. `drop` may be null.
  at::Tensor forward(const at::Tensor& images, const std::vector<at::Tensor>& masks, DropPath* drop,
                     const Trace& trace = {}) const;

  /// Tokens after the patch embedding's norm, B x L1 x C1: what the paper mixes.
  at::Tensor embed(const at::Tensor& images) const { return patchEmbed_(images); }

 private:
  struct StageLayers {
    std::vector<WindowBlock> blocks;
    std::optional<PatchMerging> merge;
  };

  PatchEmbedding patchEmbed_;
  at::Tensor position_;
  std::vector<StageLayers> stages_;
  LayerNorm norm_;
};

}  // namespace cv::mixmim
