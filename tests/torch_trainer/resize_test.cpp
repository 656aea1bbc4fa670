// Our interpolation of tables and embeddings against PyTorch's.
#include "model/resize_weights.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

constexpr int64_t kChannels = 3;
constexpr std::pair<int64_t, int64_t> kSides[] = {{27, 31}, {27, 47}, {13, 23}, {56, 96},
                                                  {96, 56}, {7, 12},  {2, 5},   {1, 4}};

at::Tensor numbersOf(const Tensor& tensor) {
  return at::from_blob(tensor.bytes.data, tensor.shape, at::kFloat);
}

Tensor randomTensor(const std::vector<int64_t>& shape) {
  Tensor tensor = Tensor::zeros(shape);
  numbersOf(tensor).copy_(at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(uint64_t{1})));
  return tensor;
}

/// Rows of a grid as a picture of float64, 1 x channels x side x side, and back.
at::Tensor pictureOf(const at::Tensor& rows, int64_t side) {
  return rows.reshape({1, side, side, kChannels}).permute({0, 3, 1, 2}).to(at::kDouble);
}
at::Tensor rowsOf(const at::Tensor& picture) {
  return picture.flatten(2).transpose(1, 2).squeeze(0);
}

double largestDifference(const at::Tensor& got, const at::Tensor& wanted) {
  return (got.to(at::kDouble) - wanted).abs().max().item<double>();
}

TEST(ResizedWeight, IsPytorchsBicubic) {
  for (const auto& [from, to] : kSides) {
    const Tensor table = randomTensor({from * from, kChannels});
    const at::Tensor wanted =
        rowsOf(at::upsample_bicubic2d(pictureOf(numbersOf(table), from), {to, to}, /*align_corners=*/false));
    const auto side = static_cast<int>(to);
    const Tensor got = *resizedWeight(table, {}, {side, side}, {to * to, kChannels});
    EXPECT_LT(largestDifference(numbersOf(got), wanted), 5e-7) << from << " to " << to;
  }
}

TEST(ResizedWeight, IsPytorchsBilinearBehindAClassToken) {
  for (const auto& [from, to] : kSides) {
    const Tensor embedding = randomTensor({1, 1 + from * from, kChannels});
    const at::Tensor before = numbersOf(embedding).squeeze(0);
    const at::Tensor wanted = rowsOf(at::upsample_bilinear2d(
        pictureOf(before.narrow(0, 1, from * from), from), {to, to}, /*align_corners=*/false));
    const auto side = static_cast<int>(to);
    const Tensor got =
        *resizedWeight(embedding, {}, {side, side}, {1, 1 + to * to, kChannels}, Interpolation::kBilinear);
    const at::Tensor after = numbersOf(got).squeeze(0);
    EXPECT_TRUE(after[0].equal(before[0]));
    EXPECT_LT(largestDifference(after.narrow(0, 1, to * to), wanted), 5e-7) << from << " to " << to;
  }
}

}  // namespace
}  // namespace cv::mixmim
