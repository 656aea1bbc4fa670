// The preprocessing that the model expects, told once for pipeline, trainer, exporter and classifier.
#pragma once

#include "opencv2/mixmim/eval_view.hpp"
#include "opencv2/mixmim/resample.hpp"

namespace cv::mixmim {

/// ImageNet statistics, R G B, for values in [0, 1]: y = (x / 255 - mean) / std.
inline constexpr float kMean[3] = {0.485f, 0.456f, 0.406f};
inline constexpr float kStd[3] = {0.229f, 0.224f, 0.225f};

/// The part of an image that evaluation looks at: the image is resized to `resized`, then `crop` (of size
/// imageSize) is cut out of it. Parts of `crop` outside the resized image are black.
struct EvalGeometry {
  cv::Size resized;  ///< of the whole image, px
  cv::Rect crop;     ///< in the resized image
};

/// The evaluation transform of the references. EvalRule::kOfficial: shorter side to round-down(imageSize /
/// crop) up to 224 px and to imageSize above, longer side truncated, then the centre crop with half-to-even
/// rounding. kTimm: the same without the exception above 224 px. An imageSize that is not square asks this of
/// each of its sides, and the image becomes large enough for both. kStretch: the image becomes imageSize.
CV_EXPORTS EvalGeometry evalGeometry(cv::Size image, cv::Size imageSize, const EvalView& view);

/// The share that goes with a rule where nobody gives one: 0.875; of kTimm 0.9, and 1 above 224 px.
CV_EXPORTS double usualCrop(EvalRule rule, cv::Size imageSize);

/// Applies evalGeometry(): 8-bit image, any channel order -> an image of size imageSize and the same type.
/// Only wanted pixels are computed.
CV_EXPORTS void evalTransform(const cv::Mat& src, cv::Size imageSize, const EvalView& view,
                              Resampler& resampler, cv::Mat& dst);

}  // namespace cv::mixmim
