#include "data_pipeline/mixture.hpp"

#include <cmath>

namespace cv::mixmim {

namespace {

cv::Rect drawBox(int imageSize, double lambda, Rng& rng) {
  const int half = static_cast<int>(imageSize * std::sqrt(1 - lambda)) / 2;
  const auto side = static_cast<uint64_t>(imageSize);
  const int y = static_cast<int>(rng.below(side)), x = static_cast<int>(rng.below(side));
  return cv::Rect(x - half, y - half, 2 * half, 2 * half) & cv::Rect(0, 0, imageSize, imageSize);
}

}  // namespace

Mixture drawMixture(int imageSize, const MixConfig& config, Rng& rng) {
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
  const double share = static_cast<double>(mixture.box.area()) / (static_cast<double>(imageSize) * imageSize);
  mixture.lambda = static_cast<float>(1 - share);
  return mixture;
}

}  // namespace cv::mixmim
