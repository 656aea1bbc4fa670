#include "data_pipeline/pair_augment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data_pipeline/label_map.hpp"

namespace cv::mixmim {

namespace {

constexpr int kLooks = 10;

bool isVaried(PixelCounts counts, double most) {
  counts[kIgnoredLabel] = 0;
  const auto classes = std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 0; });
  const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  const auto largest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  return classes > 1 && largest / all < most;
}

cv::Size resizedSize(cv::Size picture, const PairAugmentConfig& config, Rng& rng) {
  const double ratio = rng.uniform(config.ratioMin, config.ratioMax);
  const int side = std::min(config.slot.width, config.slot.height);
  return sizeInBox(picture, std::trunc(4 * side * ratio), std::trunc(side * ratio));
}

/// Fills the slot right of `shown` and below it.
void pad(cv::Mat& slot, cv::Size shown, int value) {
  slot(cv::Rect(shown.width, 0, slot.cols - shown.width, shown.height)).setTo(cv::Scalar::all(value));
  slot(cv::Rect(0, shown.height, slot.cols, slot.rows - shown.height)).setTo(cv::Scalar::all(value));
}

}  // namespace

void chooseCrop(const cv::Mat& labels, double most, const std::function<cv::Point()>& corner,
                PairResizer& resizer, ResizedView& view) {
  for (int look = 0; look < kLooks; ++look) {
    view.crop = {corner(), view.crop.size()};
    if (isVaried(resizer.countLabels(view, labels), most)) return;
  }
  view.crop = {corner(), view.crop.size()};
}

PairAugmentation drawPairAugmentation(uint64_t seed, int64_t index, int64_t epoch, const cv::Mat& labels,
                                      const PairAugmentConfig& config, PairResizer& resizer) {
  const auto rng = [&](Purpose purpose) {
    return Rng(seed, static_cast<uint64_t>(index), static_cast<uint32_t>(epoch), purpose);
  };
  Rng crop = rng(Purpose::kCrop), flip = rng(Purpose::kFlip), distortion = rng(Purpose::kRandAugment);
  PairAugmentation drawn;
  ResizedView& view = drawn.view;
  view.picture = labels.size();
  view.resized = resizedSize(view.picture, config, crop);
  view.crop = {0, 0, std::min(config.slot.width, view.resized.width),
               std::min(config.slot.height, view.resized.height)};
  const auto corner = [&]() -> cv::Point {
    const auto below = [&](int places) {
      return static_cast<int>(crop.below(static_cast<uint64_t>(places) + 1));
    };
    const int top = below(view.resized.height - view.crop.height),
              left = below(view.resized.width - view.crop.width);
    return {left, top};
  };
  chooseCrop(labels, config.mostOfOneLabel, corner, resizer, view);
  view.flip = flip.uniform() < config.flip;
  if (config.distort) drawn.distortion = drawDistortion(distortion);
  return drawn;
}

void fillSlot(const PairAugmentation& drawn, const cv::Mat& region, const cv::Mat& map, PairResizer& resizer,
              cv::Mat& scratch, PairSlot slot) {
  const cv::Rect shown({}, drawn.view.crop.size());
  cv::Mat picture = slot.picture(shown), labels = slot.labels(shown);
  resizer.showPicture(drawn.view, region, picture);
  resizer.showLabels(drawn.view, map, labels);
  distort(drawn.distortion, picture, scratch);
  pad(slot.picture, shown.size(), 0);
  pad(slot.labels, shown.size(), kIgnoredLabel);
}

}  // namespace cv::mixmim
