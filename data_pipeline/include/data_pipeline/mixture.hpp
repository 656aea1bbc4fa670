#pragma once

#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// Draws how the image pairs of a fine-tuning batch are blended, as timm's Mixup in batch mode: with
/// config.probability the batch is mixed at all, with config.switchProbability by cutmix where both are on;
/// lambda ~ Beta(a, a) with the Beta parameter of the chosen kind.
///
/// Cutmix: a box of round-down(side * sqrt(1 - lambda)) for each side of the image around a uniform centre,
/// from centre - side div 2 to centre + side div 2 (so odd sides lose a pixel: timm's rule when MixMIM was
/// published), clipped to the image; lambda is then corrected to 1 - box area / image area. An empty box
/// leaves lambda = 1: not mixed. Draws from `rng` (purpose kMixture).
Mixture drawMixture(cv::Size imageSize, const MixConfig& config, Rng& rng);

}  // namespace cv::mixmim
