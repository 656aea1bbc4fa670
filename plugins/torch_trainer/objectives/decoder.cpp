#include "objectives/decoder.hpp"

#include <algorithm>

namespace cv::mixmim {

CellOrder::CellOrder(const cv::Mat& mask, at::Device device) {
  std::vector<int64_t> order[2];
  for (int cell = 0; cell < static_cast<int>(mask.total()); ++cell)
    order[mask.at<uchar>(cell / mask.cols, cell % mask.cols) != 0].push_back(cell);
  own = static_cast<int64_t>(order[0].size());
  partner = static_cast<int64_t>(order[1].size());
  order[0].insert(order[0].end(), order[1].begin(), order[1].end());
  cells = permutation(order[0], device);
}

Decoder::Decoder(const Weights& weights, const ModelConfig& model)
    : embed_(weights, "decoder_embed"),
      maskToken_(weights.at("mask_token")),
      position_(weights.at("decoder_pos_embed")),
      norm_(weights, "decoder_norm", kDecoderEps),
      predict_(weights, "decoder_pred") {
  for (int n = 0; n < model.decoderDepth; ++n)
    blocks_.emplace_back(weights, "decoder_blocks." + std::to_string(n), model.decoderHeads);
}

at::Tensor Decoder::fill(const at::Tensor& e, const CellOrder& cells, bool both) const {
  const auto holes = [&](int64_t count) { return maskToken_.expand({e.size(0), count, -1}); };
  at::Tensor x = at::cat({e.narrow(1, 0, cells.own), holes(cells.partner)}, 1);
  if (both) x = at::cat({x, at::cat({holes(cells.own), e.narrow(1, cells.own, cells.partner)}, 1)});
  return x + position_.index_select(1, cells.cells.order);
}

at::Tensor Decoder::predictHidden(const at::Tensor& tokens, const CellOrder& cells, bool both) const {
  Residual x(fill(permuteTokens(embed_(tokens), cells.cells), cells, both));
  const auto needed = [&](const at::Tensor& rows) {
    if (!both) return rows.narrow(1, cells.own, cells.partner);
    const auto views = rows.chunk(2);
    return at::cat({views[1].narrow(1, 0, cells.own), views[0].narrow(1, cells.own, cells.partner)}, 1);
  };
  const auto across = [&](const at::Tensor& queries, const at::Tensor& keysValues,
                          const SelfAttention& attention) {
    if (!both) return attention.across(queries, keysValues);
    const auto views = keysValues.chunk(2);
    return at::cat({attention.across(queries.narrow(1, 0, cells.own), views[1]),
                    attention.across(queries.narrow(1, cells.own, cells.partner), views[0])},
                   1);
  };
  for (size_t n = 0; n + 1 < blocks_.size(); ++n) blocks_[n](x);
  x = blocks_.empty() ? Residual(needed(x.value())) : blocks_.back().picked(x, needed, across);
  return predict_(x.normalised(norm_));
}

at::Tensor Decoder::views(const at::Tensor& tokens, const CellOrder& cells, const Trace& trace) const {
  const auto raster = [&](const at::Tensor& x) { return x.index_select(1, cells.cells.inverse); };
  const at::Tensor e = embed_(tokens);  // B x L x D
  if (trace) trace("decoder_embed", e);
  Residual x(fill(permuteTokens(e, cells.cells), cells, /*both=*/true));
  for (size_t n = 0; n < blocks_.size(); ++n) {
    blocks_[n](x);
    if (trace) trace("decoder_block" + std::to_string(n), raster(x.value()));
  }
  const at::Tensor decoded = raster(x.normalised(norm_));
  if (trace) trace("decoder_norm", decoded);
  return decoded;
}

}  // namespace cv::mixmim
