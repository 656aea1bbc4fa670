#include "network/position.hpp"

namespace cv::mixmim {

Positions::Positions(const Weights& weights, const Stage& stage) {
  if (stage.position == Position::kFixed || stage.position == Position::kLearned)
    embedding_ = weights.at(stage.positions);
  if (stage.classToken) classToken_ = weights.at("cls_token");
}

at::Tensor Positions::operator()(const at::Tensor& tokens, const StageOrder& order) const {
  const at::Tensor x = classToken_.defined() ? withClassTokens(tokens, order) : tokens;
  return embedding_.defined() ? x + embedding_.index_select(1, order.positions) : x.to(at::kFloat);
}

at::Tensor Positions::withClassTokens(const at::Tensor& tokens, const StageOrder& order) const {
  const at::Tensor token = classToken_.expand({tokens.size(0), 1, -1});
  std::vector<at::Tensor> parts;
  int64_t first = 0;
  for (const int64_t count : order.runs) {
    parts.push_back(token);
    parts.push_back(tokens.narrow(1, first, count));
    first += count;
  }
  return at::cat(parts, 1);
}

}  // namespace cv::mixmim
