// Mask cells: all that pipeline and trainers must know of an encoder to mix images. Everything else that
// follows from a ModelConfig is in model/plan.hpp.
#pragma once

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Pixels per axis of a mask cell, which is one token of the last stage: patchSize * 2^(stages - 1), 32 in
/// the paper. Throws Error for no stages, or more than six.
CV_EXPORTS int strideOf(const ModelConfig& model);

/// Cells of an image of that many pixels. Throws Error when a side is not a multiple of the stride.
CV_EXPORTS cv::Size cellsOf(const ModelConfig& model, cv::Size image);
/// The same for images of model.imageSize.
CV_EXPORTS cv::Size cellsOf(const ModelConfig& model);

}  // namespace cv::mixmim
