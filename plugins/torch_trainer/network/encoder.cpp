#include "network/encoder.hpp"

namespace cv::mixmim {

Encoder::Encoder(const Weights& weights, const ModelConfig& model)
    : plan_(planOf(model)),
      patchEmbed_(weights, plan_.stages.front()),
      norm_(weights, "norm", plan_.stages.back().eps),
      whole_(stageOrders(plan_, {}, norm_.weight.device())) {
  if (plan_.stages.front().position == Position::kFixed) position_ = weights.at("absolute_pos_embed");
  for (const Stage& stage : plan_.stages) {
    StageLayers layers;
    if (stage.narrowing == Narrowing::kMerged) layers.merge.emplace(weights, stage);
    for (const Block& block : stage.blocks) {
      const double rate = plan_.blocks > 1 ? model.dropPath * block.index / (plan_.blocks - 1) : 0;
      layers.blocks.emplace_back(weights, block, stage, rate);
    }
    stages_.push_back(std::move(layers));
  }
}

at::Tensor Encoder::firstTokens(const at::Tensor& images, const at::Tensor& order) const {
  const at::Tensor tokens = patchEmbed_(images, order);
  return position_ ? tokens + position_->index_select(1, order) : tokens.to(at::kFloat);
}

at::Tensor Encoder::forward(const at::Tensor& images, const std::vector<StageOrder>& orders, DropPath* drop,
                            const Trace& trace) const {
  const auto seen = [&](const std::string& name, Residual& x, size_t stage) {
    if (trace) trace(name, x.value().index_select(1, orders[stage].raster.inverse));
  };
  const auto nameOf = [](size_t stage) { return "stage" + std::to_string(stage + 1); };
  Residual x(firstTokens(images, orders.front().raster.order));
  for (size_t s = 0; s < stages_.size(); ++s) {
    if (stages_[s].merge) {
      x = Residual((*stages_[s].merge)(x.value(), orders[s - 1].merge));
      seen(nameOf(s - 1) + ".out", x, s);
    }
    for (size_t n = 0; n < stages_[s].blocks.size(); ++n)
      stages_[s].blocks[n](x, orders[s].patternOf(plan_.stages[s].blocks[n]), drop);
    seen(nameOf(s) + ".blocks", x, s);
  }
  seen(nameOf(stages_.size() - 1) + ".out", x, stages_.size() - 1);
  const Permutation& last = orders.back().raster;
  const at::Tensor tokens = permuteTokens(x.normalised(norm_), {last.inverse, last.order});
  if (trace) trace("encoder", tokens);
  return tokens;
}

at::Tensor Encoder::embed(const at::Tensor& images) const {
  const Permutation& raster = whole_.front().raster;
  return patchEmbed_(images, raster.order).index_select(1, raster.inverse);
}

}  // namespace cv::mixmim
