#include "data_pipeline/augment.hpp"

#include <algorithm>
#include <cmath>

namespace cv::mixmim {

namespace {

/// Half to even, as Python rounds: the default mode of nearbyint. std::round would differ at every half.
double roundHalfToEven(double value) {
  return std::nearbyint(value);
}

/// What remains when no attempt fits, in very long or very narrow images.
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
  constexpr int kAttempts = 10;
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

}  // namespace cv::mixmim
