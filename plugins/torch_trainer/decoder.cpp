#include "plugins/torch_trainer/decoder.hpp"

namespace cv::mixmim {

Decoder::Decoder(const Weights& weights, const ModelConfig& model)
    : embed_(weights, "decoder_embed"),
      maskToken_(weights.at("mask_token")),
      position_(weights.at("decoder_pos_embed")),
      norm_(weights, "decoder_norm"),
      predict_(weights, "decoder_pred") {
  for (int n = 0; n < model.decoderDepth; ++n)
    blocks_.emplace_back(weights, "decoder_blocks." + std::to_string(n), model.decoderHeads);
}

at::Tensor Decoder::forward(const at::Tensor& tokens, const at::Tensor& hidden, const Trace& trace) const {
  const at::Tensor e = embed_(tokens);  // B x L x D
  const at::Tensor m = hidden.reshape({1, -1, 1});
  if (trace) trace("decoder_embed", e);
  at::Tensor x =
      at::cat({at::where(m, maskToken_, e), at::where(m, e, maskToken_)}) + position_;  // 2B x L x D
  for (size_t n = 0; n < blocks_.size(); ++n) {
    x = blocks_[n](x);
    if (trace) trace("decoder_block" + std::to_string(n), x);
  }
  x = norm_(x);
  if (trace) trace("decoder_norm", x);
  return x;
}

at::Tensor selectHidden(const at::Tensor& views, const at::Tensor& hidden) {
  const auto halves = views.chunk(2);
  return at::where(hidden.reshape({1, -1, 1}), halves[0], halves[1].flip(0));
}

}  // namespace cv::mixmim
