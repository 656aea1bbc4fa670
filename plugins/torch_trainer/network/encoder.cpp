#include "network/encoder.hpp"

namespace cv::mixmim {

namespace {

/// Shows a stage's tokens: class tokens, then the others in raster order.
void show(const Trace& trace, size_t stage, const char* what, const at::Tensor& x, const Permutation& order) {
  if (trace) trace("stage" + std::to_string(stage + 1) + what, x.index_select(1, order.inverse));
}

/// The drop rate grows from block to block to the model's.
double dropRateOf(const Block& block, const Plan& plan, const ModelConfig& model) {
  return plan.blocks > 1 ? model.dropPath * block.index / (plan.blocks - 1) : 0;
}

}  // namespace

Encoder::Encoder(const Weights& weights, const ModelConfig& model) : plan_(planOf(model)) {
  for (size_t s = 0; s < plan_.stages.size(); ++s) stages_.push_back(layersOf(weights, model, s));
  whole_ = stageOrders(plan_, {}, stages_.back().norm->weight.device());
}

Encoder::StageLayers Encoder::layersOf(const Weights& weights, const ModelConfig& model, size_t s) const {
  const Stage& stage = plan_.stages[s];
  using Narrowed = decltype(StageLayers::narrowing);
  StageLayers layers{stage.narrowing == Narrowing::kMerged
                         ? Narrowed(PatchMerging(weights, stage))
                         : Narrowed(PatchEmbedding(weights, stage, /*ofPixels=*/s == 0)),
                     Positions(weights, stage),
                     {},
                     {},
                     {}};
  for (const Block& block : stage.blocks)
    layers.blocks.emplace_back(weights, block, stage, dropRateOf(block, plan_, model));
  if (stage.position == Position::kConvolved) layers.convolvedPositions.emplace(weights, stage.positions);
  if (!stage.norm.empty()) layers.norm.emplace(weights, stage.norm, stage.eps);
  return layers;
}

void Encoder::runBlocks(size_t s, Residual& x, const StageOrder& order, DropPath* drop,
                        const Trace& trace) const {
  const StageLayers& layers = stages_[s];
  for (const EncoderBlock& block : layers.blocks) {
    block(x, order, drop);
    if (!layers.convolvedPositions || &block != &layers.blocks.front()) continue;
    x.add((*layers.convolvedPositions)(x.value(), order.neighbours));
    if (trace) show(trace, s, ".peg", x.value(), order.rows);
  }
}

at::Tensor Encoder::rows(const at::Tensor& images, const std::vector<StageOrder>& orders, DropPath* drop,
                         const Trace& trace) const {
  at::Tensor tokens = images;
  for (size_t s = 0; s < stages_.size(); ++s) {
    const StageLayers& layers = stages_[s];
    const StageOrder& order = orders[s];
    tokens = std::visit([&](const auto& narrow) { return narrow(tokens, order); }, layers.narrowing);
    show(trace, s, ".embed", tokens, order.raster);
    Residual x(layers.positions(tokens, order));
    runBlocks(s, x, order, drop, trace);
    if (trace) show(trace, s, ".blocks", x.value(), order.rows);
    tokens = layers.norm ? x.normalised(*layers.norm) : x.value();
    if (layers.norm) show(trace, s, ".norm", tokens, order.rows);
  }
  return permuteTokens(tokens, {orders.back().rows.inverse, orders.back().rows.order});
}

at::Tensor Encoder::forward(const at::Tensor& images, const std::vector<StageOrder>& orders, DropPath* drop,
                            const Trace& trace) const {
  const at::Tensor all = rows(images, orders, drop, trace);
  const int64_t classTokens = orders.back().classTokens;
  const at::Tensor tokens = all.narrow(1, classTokens, all.size(1) - classTokens);
  if (trace) trace("encoder", tokens);
  return tokens;
}

at::Tensor Encoder::features(const at::Tensor& images, DropPath* drop, const Trace& trace) const {
  const at::Tensor all = rows(images, whole_, drop, trace);
  const int64_t classTokens = whole_.back().classTokens;
  if (trace) trace("encoder", all.narrow(1, classTokens, all.size(1) - classTokens));
  return classTokens > 0 ? all.select(1, 0) : all.mean(1);
}

at::Tensor Encoder::embed(const at::Tensor& images) const {
  const StageOrder& order = whole_.front();
  return std::get<PatchEmbedding>(stages_.front().narrowing)(images, order)
      .index_select(1, order.raster.inverse);
}

}  // namespace cv::mixmim
