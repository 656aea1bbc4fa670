#include "network/narrowing.hpp"

#include "compute/pixel_kernels.hpp"

namespace cv::mixmim {

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
