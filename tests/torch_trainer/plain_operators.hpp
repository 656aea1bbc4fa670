// Attention of a segment in plain operators, of any type on any device: the oracle for what is done around
// it.
#pragma once

#include "tokens/segment_attention.hpp"

namespace cv::mixmim {

class PlainOperators final : public AttentionOperators {
 public:
  SegmentOutput forward(const SegmentInput& input) const override {
    ++forwards;
    const at::Tensor scores = scoresOf(input);
    const at::Tensor out = scores.softmax(-1).matmul(input.v.transpose(1, 2)).transpose(1, 2).contiguous();
    return {out, scores.logsumexp(-1), at::empty({}, at::kLong), at::empty({}, at::kLong)};
  }

  SegmentGradient backward(const SegmentInput& input, const SegmentOutput& output,
                           const at::Tensor& outGradient) const override {
    const at::Tensor shares = (scoresOf(input) - output.logSums.unsqueeze(-1)).exp();
    const at::Tensor gradient = outGradient.transpose(1, 2), v = input.v.transpose(1, 2);
    const at::Tensor sums = (outGradient * output.out).sum(-1).transpose(1, 2).unsqueeze(-1);
    const at::Tensor scores = shares * (gradient.matmul(v.transpose(-2, -1)) - sums);
    SegmentGradient own;
    own.q = (scores.matmul(input.k.transpose(1, 2)) * input.scale).transpose(1, 2);
    own.k = (scores.transpose(-2, -1).matmul(input.q.transpose(1, 2)) * input.scale).transpose(1, 2);
    own.v = shares.transpose(-2, -1).matmul(gradient).transpose(1, 2);
    if (input.bias.defined()) own.bias = scores;
    if (!beside || input.q.size(1) != input.k.size(1)) return own;
    const at::Tensor all = at::stack({own.q, own.k, own.v}, 2);  // as the kernel of a GPU leaves them
    own.q = all.select(2, 0), own.k = all.select(2, 1), own.v = all.select(2, 2);
    return own;
  }

  bool beside = false;
  mutable int forwards = 0;

 private:
  static at::Tensor scoresOf(const SegmentInput& input) {
    const at::Tensor scores =
        input.q.transpose(1, 2).matmul(input.k.transpose(1, 2).transpose(-2, -1)) * input.scale;
    return input.bias.defined() ? scores + input.bias : scores;
  }
};

}  // namespace cv::mixmim
