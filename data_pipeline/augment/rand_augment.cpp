#include "data_pipeline/rand_augment.hpp"

#include <algorithm>
#include <cmath>

#include "augment/image_ops.hpp"

namespace cv::mixmim {

namespace {

constexpr double kMaxMagnitude = 10;

}  // namespace

const char* nameOf(AugmentOp op) {
  constexpr const char* kNames[kAugmentOps] = {"AutoContrast",
                                               "Equalize",
                                               "Invert",
                                               "Rotate",
                                               "PosterizeIncreasing",
                                               "SolarizeIncreasing",
                                               "SolarizeAdd",
                                               "ColorIncreasing",
                                               "ContrastIncreasing",
                                               "BrightnessIncreasing",
                                               "SharpnessIncreasing",
                                               "ShearX",
                                               "ShearY",
                                               "TranslateXRel",
                                               "TranslateYRel"};
  return kNames[static_cast<int>(op)];
}

AppliedOp withMagnitude(AugmentOp op, double magnitude, bool negative, cv::Size image) {
  const double level = magnitude / kMaxMagnitude, sign = negative ? -1 : 1;
  switch (op) {
    case AugmentOp::kAutoContrast:
    case AugmentOp::kEqualize:
    case AugmentOp::kInvert:
      return {op, {}};
    case AugmentOp::kRotate:
      return {op, sign * (level * 30)};
    case AugmentOp::kPosterizeIncreasing:  // 0 bits, a black image, at magnitude 10: as published
      return {op, 4 - std::trunc(level * 4)};
    case AugmentOp::kSolarizeIncreasing:
      return {op, 256 - std::min(256.0, std::trunc(level * 256))};
    case AugmentOp::kSolarizeAdd:
      return {op, std::min(128.0, std::trunc(level * 110))};
    case AugmentOp::kColorIncreasing:
    case AugmentOp::kContrastIncreasing:
    case AugmentOp::kBrightnessIncreasing:
    case AugmentOp::kSharpnessIncreasing:
      return {op, std::max(0.1, 1 + sign * (level * 0.9))};
    case AugmentOp::kShearX:
    case AugmentOp::kShearY:
      return {op, sign * (level * 0.3)};
    case AugmentOp::kTranslateXRel:
      return {op, sign * (level * 0.45) * image.width};
    case AugmentOp::kTranslateYRel:
      return {op, sign * (level * 0.45) * image.height};
  }
  CV_Assert(!"an AugmentOp");
}

RandAugment::RandAugment(cv::Size image, const AugmentConfig& config, Rng& rng) {
  for (int layer = 0; layer < config.randLayers; ++layer) {
    const auto op = static_cast<AugmentOp>(rng.below(kAugmentOps));
    if (rng.uniform() >= config.randProbability) continue;
    const double magnitude = config.randMagnitude + config.randMagnitudeStd * rng.normal();
    const bool negative = rng.uniform() < 0.5;
    ops_[count_++] = withMagnitude(op, std::clamp(magnitude, 0.0, kMaxMagnitude), negative, image);
  }
}

void apply(const AppliedOp& applied, cv::Mat& image, cv::Mat& scratch) {
  const double value = applied.value.value_or(0);
  const int whole = static_cast<int>(value);
  const auto factor = static_cast<float>(value);
  switch (applied.op) {
    case AugmentOp::kAutoContrast:
      return ops::autoContrast(image);
    case AugmentOp::kEqualize:
      return ops::equalize(image);
    case AugmentOp::kInvert:
      return ops::invert(image);
    case AugmentOp::kRotate:
      return ops::rotate(image, value, scratch);
    case AugmentOp::kPosterizeIncreasing:
      return ops::posterize(image, whole);
    case AugmentOp::kSolarizeIncreasing:
      return ops::solarize(image, whole);
    case AugmentOp::kSolarizeAdd:
      return ops::solarizeAdd(image, whole);
    case AugmentOp::kColorIncreasing:
      return ops::colour(image, factor, scratch);
    case AugmentOp::kContrastIncreasing:
      return ops::contrast(image, factor);
    case AugmentOp::kBrightnessIncreasing:
      return ops::brightness(image, factor);
    case AugmentOp::kSharpnessIncreasing:
      return ops::sharpness(image, factor, scratch);
    case AugmentOp::kShearX:
      return ops::affine(image, {1, value, 0, 0, 1, 0}, scratch);
    case AugmentOp::kShearY:
      return ops::affine(image, {1, 0, 0, value, 1, 0}, scratch);
    case AugmentOp::kTranslateXRel:
      return ops::affine(image, {1, 0, value, 0, 1, 0}, scratch);
    case AugmentOp::kTranslateYRel:
      return ops::affine(image, {1, 0, 0, 0, 1, value}, scratch);
  }
}

}  // namespace cv::mixmim
