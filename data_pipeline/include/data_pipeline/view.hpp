#pragma once

#include <opencv2/core.hpp>

#include "opencv2/mixmim/eval_view.hpp"

namespace cv::mixmim {

/// The part of a picture that a slot of a batch shows. Targets with a place in the picture follow it by the
/// same value.
struct View {
  cv::Rect2d crop;    ///< in the picture, px; evaluation may reach beyond it, and black stands there
  cv::Size size;      ///< of the slot, px: the crop is resized to it
  bool flip = false;  ///< mirrored left to right, after resizing
};

/// The view of evaluation (preprocess.hpp, evalGeometry) of a picture of size `image`.
View evaluationView(cv::Size image, cv::Size imageSize, const EvalView& view);

}  // namespace cv::mixmim
