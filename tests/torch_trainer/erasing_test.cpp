#include "objectives/erasing.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cv::mixmim {
namespace {

const Erasing& erase() {
  static const Erasing onCpu(at::kCPU);
  return onCpu;
}

at::Tensor erased(int64_t images, const std::vector<Erasure>& boxes, int64_t height = 16,
                  int64_t width = 16) {
  at::Tensor all = at::zeros({images, height, width, 3});
  erase()(all, boxes);
  return all;
}

at::Tensor boxOf(const at::Tensor& image, const cv::Rect& box) {
  return image.narrow(0, box.y, box.height).narrow(1, box.x, box.width);
}

/// The same number as the device's, by other arithmetic.
uint32_t scrambled(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ (h >> 16);
}

uint32_t shareOf(uint64_t key, uint32_t place) {
  const uint32_t once = scrambled(place ^ static_cast<uint32_t>(key));
  return scrambled(once ^ static_cast<uint32_t>(key >> 32)) >> 16;
}

TEST(Erasing, FillsTheBoxesAndNothingElse) {
  const cv::Rect box(2, 5, 7, 4), corner(9, 10, 5, 2);
  const at::Tensor images = erased(4, {{1, box, 99}, {3, corner, 7}}, 12, 14);
  for (const auto& [slot, inside] : {std::pair<int, cv::Rect>{0, {}}, {1, box}, {2, {}}, {3, corner}}) {
    EXPECT_EQ(images[slot].count_nonzero().item<int64_t>(), inside.area() * 3) << slot;
    EXPECT_EQ(boxOf(images[slot], inside).count_nonzero().item<int64_t>(), inside.area() * 3) << slot;
  }
}

TEST(Erasing, OfABatchIsThatOfEachImage) {
  const Erasure first{0, {1, 2, 3, 4}, 0xFEDCBA9876543210}, second{2, {5, 0, 9, 7}, 3};
  const at::Tensor both = erased(3, {first, second});
  EXPECT_TRUE(both[0].equal(erased(3, {first})[0]));
  EXPECT_TRUE(both[2].equal(erased(3, {second})[2]));
  EXPECT_TRUE(erased(1, {}).equal(at::zeros({1, 16, 16, 3})));
}

TEST(Erasing, NumbersAreQuantilesThatKeyAndPlaceDecide) {
  const uint64_t key = 0xFEDCBA9876543210;
  const cv::Rect box(3, 1, 6, 5);
  const at::Tensor noise = boxOf(erased(1, {{0, box, key}})[0], box).contiguous();
  for (uint32_t place = 0; place < noise.numel(); ++place) {
    const double got = noise.const_data_ptr<float>()[place], share = std::erfc(-got / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(share * Erasing::kQuantiles, shareOf(key, place) + 0.5, 0.1) << place;
  }
}

TEST(Erasing, NoiseIsStandardNormalAndBelongsToItsKey) {
  const auto noise = [](int slot, uint64_t key) {
    return boxOf(erased(2, {{slot, {0, 0, 200, 200}, key}}, 224, 224)[slot], {0, 0, 200, 200}).flatten();
  };
  const auto agreement = [](const at::Tensor& a, const at::Tensor& b) {
    return (a * b).mean().item<double>();
  };
  const at::Tensor once = noise(0, 7);
  EXPECT_NEAR(once.mean().item<double>(), 0, 0.01);
  EXPECT_NEAR(once.std().item<double>(), 1, 0.01);
  EXPECT_NEAR(once.pow(4).mean().item<double>(), 3, 0.1);
  EXPECT_TRUE(once.equal(noise(1, 7)));
  for (const uint64_t other : {uint64_t{8}, uint64_t{7} << 32, uint64_t{7} | uint64_t{1} << 63})
    EXPECT_NEAR(agreement(once, noise(0, other)), 0, 0.012) << other;
  for (const int64_t apart : {1, 3, 600}) EXPECT_NEAR(agreement(once, once.roll(apart)), 0, 0.012) << apart;
}

}  // namespace
}  // namespace cv::mixmim
