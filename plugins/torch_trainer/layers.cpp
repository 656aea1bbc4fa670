#include "plugins/torch_trainer/layers.hpp"

#include <cmath>

#include "opencv2/mixmim/random.hpp"

namespace cv::mixmim {

Linear::Linear(const Weights& weights, const std::string& name, bool hasBias)
    : weight(weights.at(name + ".weight")) {
  if (hasBias) bias = weights.at(name + ".bias");
}

LayerNorm::LayerNorm(const Weights& weights, const std::string& name)
    : weight(weights.at(name + ".weight")), bias(weights.at(name + ".bias")) {}

at::Tensor DropPath::operator()(const at::Tensor& branch, double rate) {
  const uint32_t id = branch_++;
  if (rate == 0) return branch;
  Rng rng(seed_, static_cast<uint64_t>(step_), id, Purpose::kDropPath);
  std::vector<float> factors(static_cast<size_t>(branch.size(0)));
  for (float& factor : factors) factor = rng.uniform() < rate ? 0.f : static_cast<float>(1 / (1 - rate));
  std::vector<int64_t> shape(static_cast<size_t>(branch.dim()), 1);
  shape[0] = branch.size(0);
  return branch * at::tensor(factors, at::kFloat).reshape(shape).to(branch.device());
}

Attention::Attention(const Weights& weights, const std::string& name, int heads)
    : qkv_(weights, name + ".qkv"), proj_(weights, name + ".proj"), heads_(heads) {}

at::Tensor Attention::operator()(const at::Tensor& x, const at::Tensor& logitBias) const {
  const int64_t channels = x.size(-1), headDim = channels / heads_;
  std::vector<int64_t> shape = x.sizes().vec();  // ... x N x C
  shape.back() = 3;
  shape.insert(shape.end(), {heads_, headDim});
  const at::Tensor qkv = qkv_(x).reshape(shape).movedim({-3, -2}, {0, -3});  // 3 x ... x h x N x d
  const at::Tensor q = qkv[0] * (1 / std::sqrt(static_cast<double>(headDim)));
  at::Tensor logits = at::matmul(q, qkv[1].transpose(-2, -1));  // ... x h x N x N
  if (logitBias.defined()) logits = logits + logitBias;
  const at::Tensor mixed = at::matmul(logits.softmax(-1), qkv[2]);  // ... x h x N x d
  return proj_(mixed.transpose(-3, -2).reshape(x.sizes()));
}

at::Tensor partitionWindows(const at::Tensor& x, const Stage& stage) {
  const int64_t side = stage.window, count = stage.grid / stage.window, channels = x.size(-1);
  if (count == 1) return x.unsqueeze(1);
  return x.reshape({-1, count, side, count, side, channels})
      .transpose(2, 3)
      .reshape({-1, count * count, side * side, channels});
}

at::Tensor reverseWindows(const at::Tensor& windows, const Stage& stage) {
  const int64_t side = stage.window, count = stage.grid / stage.window, channels = windows.size(-1);
  if (count == 1) return windows.squeeze(1);
  return windows.reshape({-1, count, count, side, side, channels})
      .transpose(2, 3)
      .reshape({-1, stage.tokens(), channels});
}

namespace {

/// The row of the bias table for every pair of tokens of a window, flattened, on the table's device.
at::Tensor biasIndex(int window, const at::Device& device) {
  const cv::Mat index = relativePositionIndex(window);
  return at::from_blob(index.data, {static_cast<int64_t>(index.total())}, at::kInt)
      .to(device, at::kLong, false, true);
}

}  // namespace

WindowBlock::WindowBlock(const Weights& weights, const std::string& name, const Stage& stage, double dropRate)
    : stage_(stage),
      dropRate_(dropRate),
      norm1_(weights, name + ".norm1"),
      norm2_(weights, name + ".norm2"),
      attention_(weights, name + ".attn", stage.heads),
      mlp_(weights, name + ".mlp"),
      biasTable_(weights.at(name + ".attn.relative_position_bias_table")),
      biasIndex_(biasIndex(stage.window, biasTable_.device())) {}

at::Tensor WindowBlock::attend(const at::Tensor& x, const at::Tensor& groupMask) const {
  const int64_t n = stage_.windowTokens();
  at::Tensor bias =
      biasTable_.index_select(0, biasIndex_).reshape({n, n, stage_.heads}).permute({2, 0, 1});  // h x N x N
  if (groupMask.defined()) bias = bias + groupMask;  // windows x h x N x N
  return reverseWindows(attention_(partitionWindows(x, stage_), bias), stage_);
}

at::Tensor WindowBlock::operator()(const at::Tensor& x, const at::Tensor& groupMask, DropPath* drop) const {
  const auto dropped = [&](const at::Tensor& branch) { return drop ? (*drop)(branch, dropRate_) : branch; };
  const at::Tensor y = x + dropped(attend(norm1_(x), groupMask));
  return y + dropped(mlp_(norm2_(y)));
}

GlobalBlock::GlobalBlock(const Weights& weights, const std::string& name, int heads)
    : norm1_(weights, name + ".norm1"),
      norm2_(weights, name + ".norm2"),
      attention_(weights, name + ".attn", heads),
      mlp_(weights, name + ".mlp") {}

at::Tensor GlobalBlock::operator()(const at::Tensor& x) const {
  const at::Tensor y = x + attention_(norm1_(x), {});
  return y + mlp_(norm2_(y));
}

PatchMerging::PatchMerging(const Weights& weights, const std::string& name, const Stage& stage)
    : grid_(stage.grid),
      norm_(weights, name + ".norm"),
      reduction_(weights, name + ".reduction", /*hasBias=*/false) {}

at::Tensor PatchMerging::operator()(const at::Tensor& x) const {
  const int64_t half = grid_ / 2, channels = x.size(-1);
  const at::Tensor cells = x.reshape({-1, half, 2, half, 2, channels})  // B x y x row x x x column x C
                               .permute({0, 1, 3, 4, 2, 5})  // column outermost: (0,0), (1,0), (0,1), (1,1)
                               .reshape({-1, half * half, 4 * channels});
  return reduction_(norm_(cells));
}

PatchEmbedding::PatchEmbedding(const Weights& weights, const ModelConfig& model)
    : patch_(model.patchSize), proj_(weights, "patch_embed.proj"), norm_(weights, "patch_embed.norm") {}

at::Tensor PatchEmbedding::operator()(const at::Tensor& images) const {
  // The convolution's kernel equals its stride, so it is a matrix product over patches (channel, row,
  // column).
  const int64_t grid = images.size(1) / patch_;
  const at::Tensor patches = images.reshape({-1, grid, patch_, grid, patch_, 3})
                                 .permute({0, 1, 3, 5, 2, 4})
                                 .reshape({-1, grid * grid, 3 * patch_ * patch_});
  return norm_(at::linear(patches, proj_.weight.flatten(1), proj_.bias));
}

}  // namespace cv::mixmim
