// A hierarchical window Transformer (model/plan.hpp): MixMIM's (paper section 3.2, official class MixMIM) or
// Swin. One class for pretraining and fine-tuning: the only difference is the order of the tokens, which says
// who sees whom.
#pragma once

#include <optional>
#include <vector>

#include "network/blocks.hpp"
#include "network/narrowing.hpp"
#include "network/token_order.hpp"

namespace cv::mixmim {

class Encoder {
 public:
  Encoder(const Weights& weights, const ModelConfig& model);

  /// images: B x S x S x 3, normalised -> B x L x C tokens of the last stage (one per mask cell), normalised,
  /// in raster order. `orders`: of all stages, for the mask the images were mixed under. `drop` may be null.
  at::Tensor forward(const at::Tensor& images, const std::vector<StageOrder>& orders, DropPath* drop,
                     const Trace& trace = {}) const;
  /// The same for whole images, which are not mixed.
  at::Tensor forward(const at::Tensor& images, DropPath* drop = nullptr, const Trace& trace = {}) const {
    return forward(images, whole_, drop, trace);
  }

  /// Tokens after the patch embedding's norm, B x L1 x C1 in raster order: what the paper mixes.
  at::Tensor embed(const at::Tensor& images) const;

  const Plan& plan() const { return plan_; }

 private:
  struct StageLayers {
    std::optional<PatchMerging> merge;  ///< of all but the first stage
    std::vector<WindowBlock> blocks;
  };

  at::Tensor firstTokens(const at::Tensor& images, const at::Tensor& order) const;

  Plan plan_;
  PatchEmbedding patchEmbed_;
  std::optional<at::Tensor> position_;  // 1 x L1 x C1, raster order
  std::vector<StageLayers> stages_;
  LayerNorm norm_;
  std::vector<StageOrder> whole_;
};

}  // namespace cv::mixmim
