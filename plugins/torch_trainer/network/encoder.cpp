#include "network/encoder.hpp"

namespace cv::mixmim {

Encoder::Encoder(const Weights& weights, const ModelConfig& model)
    : patchEmbed_(weights, model),
      position_(weights.at("absolute_pos_embed")),
      norm_(weights, "norm"),
      whole_(geometryOf(model), {}, position_.device()) {
  const Geometry geometry = geometryOf(model);
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const std::string name = "layers." + std::to_string(s);
    StageLayers layers;
    for (int n = 0; n < stage.depth; ++n) {
      const int block = stage.firstBlock + n;
      const double rate = geometry.blocks > 1 ? model.dropPath * block / (geometry.blocks - 1) : 0;
      layers.blocks.emplace_back(weights, name + ".blocks." + std::to_string(n), stage.heads, rate);
    }
    if (s + 1 < geometry.stages.size()) layers.merge.emplace(weights, name + ".downsample");
    stages_.push_back(std::move(layers));
  }
}

at::Tensor Encoder::forward(const at::Tensor& images, const TokenOrder& order, DropPath* drop,
                            const Trace& trace) const {
  const auto seen = [&](const std::string& name, Residual& x, size_t stage) {
    if (trace) trace(name, x.value().index_select(1, order.stages[stage].raster.inverse));
  };
  const at::Tensor& first = order.stages.front().raster.order;
  Residual x(patchEmbed_(images, first) + position_.index_select(1, first));
  for (size_t s = 0; s < stages_.size(); ++s) {
    for (const WindowBlock& block : stages_[s].blocks) block(x, order.stages[s].pattern, drop);
    const std::string name = "stage" + std::to_string(s + 1);
    seen(name + ".blocks", x, s);
    if (stages_[s].merge) x = Residual((*stages_[s].merge)(x.value(), order.stages[s].merge));
    seen(name + ".out", x, stages_[s].merge ? s + 1 : s);
  }
  const Permutation& last = order.stages.back().raster;
  const at::Tensor tokens = permuteTokens(x.normalised(norm_), {last.inverse, last.order});
  if (trace) trace("encoder", tokens);
  return tokens;
}

at::Tensor Encoder::embed(const at::Tensor& images) const {
  const Permutation& raster = whole_.stages.front().raster;
  return patchEmbed_(images, raster.order).index_select(1, raster.inverse);
}

}  // namespace cv::mixmim
