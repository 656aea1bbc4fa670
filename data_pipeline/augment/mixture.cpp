#include "data_pipeline/mixture.hpp"

#include <cmath>

namespace cv::mixmim {

namespace {

cv::Rect drawBox(cv::Size image, double lambda, Rng& rng) {
  const auto half = [&](int side) { return static_cast<int>(side * std::sqrt(1 - lambda)) / 2; };
  const auto drawn = [&](int side) { return static_cast<int>(rng.below(static_cast<uint64_t>(side))); };
  const int y = drawn(image.height), x = drawn(image.width);
  const int up = half(image.height), left = half(image.width);
  return cv::Rect(x - left, y - up, 2 * left, 2 * up) & cv::Rect({}, image);
}

}  // namespace

Mixture drawMixture(cv::Size imageSize, const MixConfig& config, Rng& rng) {
  Mixture mixture;
  const bool mixup = config.mixup > 0, cutmix = config.cutmix > 0;
  if ((!mixup && !cutmix) || rng.uniform() >= config.probability) return mixture;
  const bool cut = cutmix && (!mixup || rng.uniform() < config.switchProbability);
  const double parameter = cut ? config.cutmix : config.mixup;
  const double lambda = rng.beta(parameter, parameter);
  if (!cut) {
    mixture.lambda = static_cast<float>(lambda);
    return mixture;
  }
  mixture.box = drawBox(imageSize, lambda, rng);
  const double share =
      static_cast<double>(mixture.box.area()) / (static_cast<double>(imageSize.width) * imageSize.height);
  mixture.lambda = static_cast<float>(1 - share);
  return mixture;
}

}  // namespace cv::mixmim
