// A hierarchical Transformer of any family (model/plan.hpp): it walks the plan. One class for pretraining and
// fine-tuning: the only difference is the order of the tokens, which says who sees whom.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "network/blocks.hpp"
#include "network/narrowing.hpp"
#include "network/position.hpp"
#include "tokens/token_order.hpp"

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

  /// What a classifier sees of whole images, B x C: the class token, or the mean of the tokens.
  at::Tensor features(const at::Tensor& images, DropPath* drop = nullptr, const Trace& trace = {}) const;

  /// Tokens after the patch embedding's norm, B x L1 x C1 in raster order: what the paper mixes.
  at::Tensor embed(const at::Tensor& images) const;

  const Plan& plan() const { return plan_; }

 private:
  /// The layers of a stage, in the order of the flow.
  struct StageLayers {
    std::variant<PatchEmbedding, PatchMerging> narrowing;
    Positions positions;
    std::vector<EncoderBlock> blocks;
    std::optional<DepthwiseConvolution> convolvedPositions;  ///< behind the first block
    std::optional<LayerNorm> norm;
  };

  StageLayers layersOf(const Weights& weights, const ModelConfig& model, size_t stage) const;
  /// Class tokens, then the tokens of the last stage in raster order.
  at::Tensor rows(const at::Tensor& images, const std::vector<StageOrder>& orders, DropPath* drop,
                  const Trace& trace) const;
  void runBlocks(size_t stage, Residual& x, const StageOrder& order, DropPath* drop,
                 const Trace& trace) const;

  Plan plan_;
  std::vector<StageLayers> stages_;
  std::vector<StageOrder> whole_;
};

}  // namespace cv::mixmim
