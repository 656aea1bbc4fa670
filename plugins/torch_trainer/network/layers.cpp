#include "network/layers.hpp"

#include <cmath>

#include "compute/device.hpp"
#include "compute/pixel_kernels.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

Linear::Linear(const Weights& weights, const std::string& name, bool hasBias)
    : weight(weights.at(name + ".weight")), compute(weights.compute()) {
  rounded.weight = weights.rounded(name + ".weight");
  if (!hasBias) return;
  bias = weights.at(name + ".bias");
  rounded.bias = weights.rounded(name + ".bias");
}

LayerNorm::LayerNorm(const Weights& weights, const std::string& name, double epsilon)
    : weight(weights.at(name + ".weight")), bias(weights.at(name + ".bias")), eps(epsilon) {}

at::Tensor Residual::normalised(const LayerNorm& norm) {
  Normalised both = norm.afterAdding(sum_, branch_);
  sum_ = std::move(both.sum);
  branch_.reset();
  return std::move(both.out);
}

const at::Tensor& Residual::value() {
  if (branch_.defined()) sum_ = sum_ + branch_;
  branch_.reset();
  return sum_;
}

at::Tensor DropPath::operator()(const at::Tensor& branch, double rate) {
  const uint32_t id = branch_++;
  if (rate == 0) return branch;
  Rng rng(seed_, static_cast<uint64_t>(step_), id, Purpose::kDropPath);
  std::vector<float> factors(static_cast<size_t>(branch.size(0)));
  for (float& factor : factors) factor = rng.uniform() < rate ? 0.f : static_cast<float>(1 / (1 - rate));
  std::vector<int64_t> shape(static_cast<size_t>(branch.dim()), 1);
  shape[0] = branch.size(0);
  return branch * toDevice(at::tensor(factors, at::kFloat).reshape(shape), branch.device());
}

at::Tensor Attention::partOfQkv(const at::Tensor& x, int64_t first, int64_t count) const {
  return linearLayer(x, qkv_.weight.narrow(0, first, count), qkv_.bias->narrow(0, first, count), qkv_.compute,
                     qkv_.rounded.narrow(first, count));
}

at::Tensor Attention::queries(const at::Tensor& x) const {
  return partOfQkv(x, 0, x.size(-1));
}

at::Tensor Attention::keysValues(const at::Tensor& x) const {
  return partOfQkv(x, x.size(-1), 2 * x.size(-1));
}

WindowBlock::WindowBlock(const Weights& weights, const Block& block, const Stage& stage, double dropRate)
    : dropRate_(dropRate),
      norm1_(weights, block.name + ".norm1", stage.eps),
      norm2_(weights, block.name + ".norm2", stage.eps),
      attention_(weights, block.name + ".attn", stage.heads),
      mlp_(weights, block.name + ".mlp"),
      biasTable_(weights.at(block.name + ".attn.relative_position_bias_table")) {}

void WindowBlock::operator()(Residual& x, const std::shared_ptr<const AttentionPattern>& pattern,
                             DropPath* drop) const {
  const auto dropped = [&](const at::Tensor& branch) { return drop ? (*drop)(branch, dropRate_) : branch; };
  x.add(dropped(attention_(x.normalised(norm1_), pattern, biasTable_)));
  x.add(dropped(mlp_(x.normalised(norm2_))));
}

GlobalBlock::GlobalBlock(const Weights& weights, const std::string& name, int heads)
    : norm1_(weights, name + ".norm1", kDecoderEps),
      norm2_(weights, name + ".norm2", kDecoderEps),
      attention_(weights, name + ".attn", heads),
      mlp_(weights, name + ".mlp") {}

void GlobalBlock::operator()(Residual& x) const {
  const at::Tensor normed = x.normalised(norm1_);
  x.add(attention_(normed,
                   std::make_shared<const AttentionPattern>(everyoneSees(normed.size(1), normed.size(1)))));
  x.add(mlp_(x.normalised(norm2_)));
}

Residual GlobalBlock::picked(Residual& x, const Pick& needed, const See& across) const {
  const at::Tensor normed = x.normalised(norm1_);
  Residual y(needed(x.value()));
  y.add(attention_.project(
      across(attention_.queries(needed(normed)), attention_.keysValues(normed), attention_)));
  y.add(mlp_(y.normalised(norm2_)));
  return y;
}

at::Tensor PatchMerging::operator()(const at::Tensor& x, const Permutation& neighbours) const {
  const int64_t channels = x.size(-1);
  const at::Tensor merged =
      reduction_(norm_(permuteTokens(x, neighbours).reshape({x.size(0), -1, members_ * channels})));
  return merged.to(x.scalar_type());
}

PatchEmbedding::PatchEmbedding(const Weights& weights, const Stage& stage)
    : patch_(stage.side),
      proj_(weights, stage.embedding + ".proj"),
      norm_(weights, stage.embedding + ".norm", stage.embeddingEps) {}

at::Tensor PatchEmbedding::operator()(const at::Tensor& images, const at::Tensor& order) const {
  // The convolution's kernel equals its stride, so it is a matrix product over patches (channel, row,
  // column).
  const at::Tensor &copy = proj_.rounded.weight, flat = copy.defined() ? copy.flatten(1) : copy;
  return norm_(linearLayer(patchRows(images, patch_, order), proj_.weight.flatten(1), proj_.bias,
                           proj_.compute, {flat, proj_.rounded.bias}));
}

}  // namespace cv::mixmim
