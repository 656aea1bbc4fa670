#include "objectives/loss.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim {
namespace {

at::Tensor zeros(int64_t images) {
  return at::zeros({images, 16, 16, 3});
}

TEST(EraseBoxes, FillsTheBoxAndNothingElse) {
  at::Tensor images = zeros(3);
  const cv::Rect box(2, 5, 7, 4);
  eraseBoxes(images, {{1, box, 99}});
  EXPECT_EQ(images[0].count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(images[2].count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(images[1].count_nonzero().item<int64_t>(), box.area() * 3);
  EXPECT_EQ(images[1].narrow(0, 5, 4).narrow(1, 2, 7).count_nonzero().item<int64_t>(), box.area() * 3);
}

TEST(EraseBoxes, NoiseIsStandardNormalAndBelongsToItsKey) {
  const auto noise = [](int slot, uint64_t key) {
    at::Tensor images = at::zeros({2, 224, 224, 3});
    eraseBoxes(images, {{slot, {0, 0, 200, 200}, key}});
    return images[slot];
  };
  const at::Tensor once = noise(0, 7), box = once.narrow(0, 0, 200).narrow(1, 0, 200);
  EXPECT_NEAR(box.mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(box.std().item<double>(), 1, 0.02);
  EXPECT_TRUE(once.equal(noise(1, 7)));
  EXPECT_FALSE(once.equal(noise(0, 8)));
}

}  // namespace
}  // namespace cv::mixmim
