// RandAugment as the published fine-tuning recipe uses it: timm's rand-m9-mstd0.5-inc1. Cubuk et al., arXiv
// 1909.13719.
#pragma once

#include <array>
#include <optional>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// timm's _RAND_INCREASING_TRANSFORMS, in its order.
enum class AugmentOp {
  kAutoContrast,
  kEqualize,
  kInvert,
  kRotate,
  kPosterizeIncreasing,
  kSolarizeIncreasing,
  kSolarizeAdd,
  kColorIncreasing,
  kContrastIncreasing,
  kBrightnessIncreasing,
  kSharpnessIncreasing,
  kShearX,
  kShearY,
  kTranslateXRel,
  kTranslateYRel,
};
constexpr int kAugmentOps = 15;

const char* nameOf(AugmentOp op);  ///< "AutoContrast", as timm spells it

/// One operation with the argument it really uses: degrees, bits, threshold, added level, factor, shear or
/// pixels; none for AutoContrast, Equalize and Invert.
struct AppliedOp {
  AugmentOp op;
  std::optional<double> value;
};

/// The argument of an operation at a magnitude from 0 to 10, for an image of that size. `negative` turns the
/// direction of those that have one.
AppliedOp withMagnitude(AugmentOp op, double magnitude, bool negative, cv::Size image);

/// The operations on one image, in order. A layer whose operation is skipped leaves nothing.
class RandAugment {
 public:
  static constexpr int kMaxLayers = 8;

  RandAugment() = default;  ///< nothing is done

  /// Per layer: one of the 15 operations, applied with randProbability, at a magnitude ~ N(randMagnitude,
  /// randMagnitudeStd) clamped to [0, 10]. Draws from `rng` (purpose kRandAugment).
  RandAugment(cv::Size image, const AugmentConfig& config, Rng& rng);

  const AppliedOp* begin() const { return ops_.data(); }
  const AppliedOp* end() const { return ops_.data() + count_; }

 private:
  std::array<AppliedOp, kMaxLayers> ops_{};
  size_t count_ = 0;
};

/// Applies the operations to an 8-bit RGB image, in place, with Pillow's bytes. `scratch` is kept from image
/// to image.
void apply(const AppliedOp& op, cv::Mat& image, cv::Mat& scratch);

}  // namespace cv::mixmim
