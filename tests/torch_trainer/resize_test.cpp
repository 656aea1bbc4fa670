// Our interpolation of tables and embeddings against PyTorch's.
#include "model/resize_weights.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

TEST(ResizedWeight, IsPytorchsBicubic) {
  constexpr int kChannels = 3;
  for (const auto& [from, to] : {std::pair(27, 31), {27, 47}, {13, 23}, {56, 96}, {96, 56}, {2, 5}, {1, 4}}) {
    Tensor table = Tensor::zeros({int64_t{from} * from, kChannels});
    at::Tensor grid = at::from_blob(table.bytes.data, {from, from, kChannels}, at::kFloat);
    grid.copy_(at::randn(grid.sizes(), at::make_generator<at::CPUGeneratorImpl>(uint64_t{1})));
    const at::Tensor wanted = at::upsample_bicubic2d(grid.permute({2, 0, 1}).unsqueeze(0).to(at::kDouble),
                                                     {to, to}, /*align_corners=*/false)
                                  .squeeze(0)
                                  .permute({1, 2, 0});
    const Tensor got = *resizedWeight(table, {}, {to, to}, {int64_t{to} * to, kChannels});
    const at::Tensor values = at::from_blob(got.bytes.data, {to, to, kChannels}, at::kFloat);
    EXPECT_LT((values.to(at::kDouble) - wanted).abs().max().item<double>(), 5e-7) << from << " to " << to;
  }
}

}  // namespace
}  // namespace cv::mixmim
