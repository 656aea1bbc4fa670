#include "objectives/erasing.hpp"

#include <cmath>

#include "compute/device.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kChannels = 3, kWord = 0xFFFFFFFF;

at::Tensor normalQuantiles() {
  const at::Tensor middles = (at::arange(Erasing::kQuantiles, at::kDouble) + 0.5) / Erasing::kQuantiles;
  return (at::erfinv(middles * 2 - 1) * std::sqrt(2.0)).to(at::kFloat);
}

/// MurmurHash3's finaliser, for words of 32 bits that stand in 64, in place. Products may lose their upper
/// bits, because only the lower ones are kept.
at::Tensor scramble(at::Tensor words) {
  constexpr int64_t kFirst = 0x85EBCA6B, kSecond = 0xC2B2AE35;
  const auto fold = [&words](int shift) { words.bitwise_xor_(words.bitwise_right_shift(shift)); };
  fold(16);
  words.mul_(kFirst).bitwise_and_(kWord);
  fold(13);
  words.mul_(kSecond).bitwise_and_(kWord);
  fold(16);
  return words;
}

/// A row of numbers per property of the boxes, on the device.
struct Boxes {
  Boxes(const std::vector<Erasure>& erasures, const at::Tensor& images) {
    const int64_t height = images.size(1), line = images.size(2) * kChannels;
    const auto count = static_cast<int64_t>(erasures.size());
    const at::Tensor rows = at::empty({6, count}, at::kLong);
    auto table = rows.accessor<int64_t, 2>();
    for (int64_t i = 0; i < count; ++i) {
      const auto& [slot, box, key] = erasures[static_cast<size_t>(i)];
      table[0][i] = all;
      all += int64_t{box.area()} * kChannels;
      table[1][i] = all;
      table[2][i] = box.width * kChannels;
      table[3][i] = (slot * height + box.y) * line + box.x * kChannels;
      table[4][i] = static_cast<int64_t>(key) & kWord;
      table[5][i] = static_cast<int64_t>(key >> 32);
    }
    const at::Tensor there = toDevice(rows, images.device());
    begins = there[0], ends = there[1], widths = there[2], origins = there[3];
    lowKeys = there[4], highKeys = there[5];
  }

  int64_t all = 0;  ///< numbers in all boxes
  at::Tensor begins, ends, widths, origins, lowKeys, highKeys;
};

}  // namespace

Erasing::Erasing(at::Device device) : quantiles_(toDevice(normalQuantiles(), device)) {}

void Erasing::operator()(const at::Tensor& images, const std::vector<Erasure>& erasures) const {
  if (erasures.empty()) return;
  const Boxes boxes(erasures, images);
  const at::Tensor number = at::arange(boxes.all, boxes.ends.options());
  const at::Tensor box = at::bucketize(number, boxes.ends, /*out_int32=*/false, /*right=*/true);
  const auto ofBox = [&box](const at::Tensor& row) { return row.index_select(0, box); };
  const at::Tensor place = number - ofBox(boxes.begins), width = ofBox(boxes.widths);
  at::Tensor words = place.bitwise_xor(ofBox(boxes.lowKeys));
  words = scramble(scramble(words).bitwise_xor_(ofBox(boxes.highKeys)));
  const at::Tensor noise = quantiles_.index_select(0, words.bitwise_right_shift(16));
  const at::Tensor row = at::floor_divide(place, width), column = place - row * width;
  const at::Tensor target = ofBox(boxes.origins) + row * (images.size(2) * kChannels) + column;
  images.view({-1}).scatter_(0, target, noise);
}

}  // namespace cv::mixmim
