#include "data_pipeline/augment.hpp"

#include <algorithm>
#include <cmath>

namespace cv::mixmim {

namespace {

constexpr int kAttempts = 10;

/// Half to even, as Python rounds: the default mode of nearbyint. std::round would differ at every half.
double roundHalfToEven(double value) {
  return std::nearbyint(value);
}

/// The crop when no attempt fits, in very long or very narrow images.
cv::Rect centralCrop(cv::Size image, const AugmentConfig& config) {
  const double ratio = static_cast<double>(image.width) / image.height;
  cv::Size size = image;
  if (ratio < config.ratioMin)
    size.height = static_cast<int>(roundHalfToEven(image.width / config.ratioMin));
  else if (ratio > config.ratioMax)
    size.width = static_cast<int>(roundHalfToEven(image.height * config.ratioMax));
  size = {std::clamp(size.width, 1, image.width), std::clamp(size.height, 1, image.height)};
  return {{(image.width - size.width) / 2, (image.height - size.height) / 2}, size};
}

}  // namespace

cv::Rect drawCrop(cv::Size image, const AugmentConfig& config, Rng& rng) {
  const double imageArea = static_cast<double>(image.width) * image.height;
  const double logMin = std::log(config.ratioMin), logMax = std::log(config.ratioMax);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = imageArea * rng.uniform(config.scaleMin, config.scaleMax);
    const double ratio = std::exp(rng.uniform(logMin, logMax));
    const double width = roundHalfToEven(std::sqrt(area * ratio));
    const double height = roundHalfToEven(std::sqrt(area / ratio));
    if (!(width > 0 && width <= image.width && height > 0 && height <= image.height)) continue;
    const cv::Size size(static_cast<int>(width), static_cast<int>(height));
    const auto top = rng.below(static_cast<uint64_t>(image.height - size.height) + 1);
    const auto left = rng.below(static_cast<uint64_t>(image.width - size.width) + 1);
    return {{static_cast<int>(left), static_cast<int>(top)}, size};
  }
  return centralCrop(image, config);
}

bool drawFlip(const AugmentConfig& config, Rng& rng) {
  return rng.uniform() < config.flip;
}

cv::Rect drawErase(cv::Size imageSize, const AugmentConfig& config, Rng& rng) {
  constexpr double kMinShare = 0.02, kMaxShare = 1.0 / 3, kMinAspect = 0.3;
  if (rng.uniform() >= config.erase) return {};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = rng.uniform(kMinShare, kMaxShare) * imageSize.height * imageSize.width;
    const double aspect = std::exp(rng.uniform(std::log(kMinAspect), -std::log(kMinAspect)));
    const auto height = static_cast<int>(roundHalfToEven(std::sqrt(area * aspect)));
    const auto width = static_cast<int>(roundHalfToEven(std::sqrt(area / aspect)));
    if (width < 1 || height < 1 || width >= imageSize.width || height >= imageSize.height) continue;
    const auto top = rng.below(static_cast<uint64_t>(imageSize.height - height) + 1);
    const auto left = rng.below(static_cast<uint64_t>(imageSize.width - width) + 1);
    return {static_cast<int>(left), static_cast<int>(top), width, height};
  }
  return {};
}

Augmentation drawAugmentation(uint64_t seed, int64_t index, int64_t epoch, cv::Size image, cv::Size imageSize,
                              const AugmentConfig& config) {
  const auto rng = [&](Purpose purpose) {
    return Rng(seed, static_cast<uint64_t>(index), static_cast<uint32_t>(epoch), purpose);
  };
  Rng crop = rng(Purpose::kCrop), flip = rng(Purpose::kFlip), ops = rng(Purpose::kRandAugment),
      erase = rng(Purpose::kErase);
  Augmentation drawn;
  drawn.view = {drawCrop(image, config, crop), imageSize, drawFlip(config, flip)};
  drawn.ops = RandAugment(imageSize, config, ops);
  drawn.erasure.box = drawErase(imageSize, config, erase);
  const uint64_t upper = erase.next();
  drawn.erasure.key = upper << 32 | erase.next();
  return drawn;
}

}  // namespace cv::mixmim
