#include "plugins/torch_trainer/encoder.hpp"

#include <limits>

namespace cv::mixmim {

std::vector<at::Tensor> groupMasks(const at::Tensor& cells, const Geometry& geometry) {
  std::vector<at::Tensor> masks;
  for (const Stage& stage : geometry.stages) {
    const int64_t factor = stage.grid / geometry.cells;
    const at::Tensor tokens = cells.repeat_interleave(factor, 0).repeat_interleave(factor, 1);
    const at::Tensor group =
        partitionWindows(tokens.reshape({1, stage.tokens(), 1}), stage)[0];  // windows x N x 1
    const at::Tensor apart = (group != group.transpose(1, 2)).unsqueeze(1);  // windows x 1 x N x N
    masks.push_back(at::zeros(apart.sizes(), cells.options().dtype(at::kFloat))
                        .masked_fill_(apart, -std::numeric_limits<float>::infinity()));
  }
  return masks;
}

Encoder::Encoder(const Weights& weights, const ModelConfig& model)
    : patchEmbed_(weights, model), position_(weights.at("absolute_pos_embed")), norm_(weights, "norm") {
  const Geometry geometry = geometryOf(model);
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    const Stage& stage = geometry.stages[s];
    const std::string name = "layers." + std::to_string(s);
    StageLayers layers;
    for (int n = 0; n < stage.depth; ++n) {
      const int block = stage.firstBlock + n;
      const double rate = geometry.blocks > 1 ? model.dropPath * block / (geometry.blocks - 1) : 0;
      layers.blocks.emplace_back(weights, name + ".blocks." + std::to_string(n), stage, rate);
    }
    if (s + 1 < geometry.stages.size()) layers.merge.emplace(weights, name + ".downsample", stage);
    stages_.push_back(std::move(layers));
  }
}

at::Tensor Encoder::forward(const at::Tensor& images, const std::vector<at::Tensor>& masks, DropPath* drop,
                            const Trace& trace) const {
  at::Tensor x = embed(images) + position_;
  for (size_t s = 0; s < stages_.size(); ++s) {
    const at::Tensor mask = masks.empty() ? at::Tensor() : masks[s];
    for (const WindowBlock& block : stages_[s].blocks) x = block(x, mask, drop);
    const std::string name = "stage" + std::to_string(s + 1);
    if (trace) trace(name + ".blocks", x);
    if (stages_[s].merge) x = (*stages_[s].merge)(x);
    if (trace) trace(name + ".out", x);
  }
  x = norm_(x);
  if (trace) trace("encoder", x);
  return x;
}

}  // namespace cv::mixmim
