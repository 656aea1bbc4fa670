#include "network/reduced_attention.hpp"

#include "network/token_weights.hpp"

namespace cv::mixmim {

ReducedAttention::ReducedAttention(const Weights& weights, const Block& block, const Stage& stage)
    : q_(weights, block.name + ".attn.q"),
      keysValues_(weights, block.name + ".attn.kv"),
      proj_(weights, block.name + ".attn.proj"),
      heads_(stage.heads),
      tokensOfKey_(int64_t{block.reduction} * block.reduction) {
  if (block.reduction > 1)
    reduction_.emplace(Reduction{Linear(weights, block.name + ".attn.sr"),
                                 LayerNorm(weights, block.name + ".attn.norm", kReductionEps)});
}

at::Tensor ReducedAttention::operator()(const at::Tensor& x,
                                        const std::shared_ptr<const AttentionPattern>& pattern) const {
  return proj_(attendAcross(q_(x), keysValues_(reduced(x)), heads_, pattern));
}

at::Tensor ReducedAttention::reduced(const at::Tensor& x) const {
  if (!reduction_) return x;
  return reduction_->norm(productOver(runsOf(x, tokensOfKey_), reduction_->product, overRuns));
}

}  // namespace cv::mixmim
