// Photometric distortion as the published recipes of segmentation use it: the light changes, no pixel moves.
#pragma once

#include <optional>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// The steps that were drawn, in the order in which they are done; those without a value are left out.
struct Distortion {
  std::optional<double> brightness;  ///< added, -32 to 32
  std::optional<double> contrast;    ///< factor, 0.5 to 1.5; done here, or behind hue
  bool contrastFirst = true;
  std::optional<double> saturation;  ///< factor, 0.5 to 1.5
  std::optional<int> hue;            ///< added, -18 to 17, where 180 is the whole circle
};

/// A fair coin for each step, and then its value; the coin of contrastFirst comes behind brightness. Draws
/// from `rng` (purpose kRandAugment: the operations on the pixels of a sample).
Distortion drawDistortion(Rng& rng);

/// Does them to an 8-bit RGB picture, in place, with the bytes of mmsegmentation: each step in float32, cut
/// to 0 to 255 and to whole numbers; saturation and hue by way of 8-bit HSV, each there and back. `scratch`
/// is kept from picture to picture.
void distort(const Distortion& distortion, cv::Mat& picture, cv::Mat& scratch);

}  // namespace cv::mixmim
