// Small encoders with every kind of window, and masks that cut them.
#pragma once

#include <string>

#include <opencv2/core.hpp>

#include "model/plan.hpp"

namespace cv::mixmim {

/// A mask of 4 x 4 cells by name.
inline cv::Mat maskOf(const std::string& name) {
  cv::Mat mask = cv::Mat::zeros(4, 4, CV_8U);
  if (name == "partner") mask.setTo(1);
  if (name == "checkers")
    for (int i = 0; i < 16; ++i) mask.at<uchar>(i / 4, i % 4) = static_cast<uchar>((i + i / 4) % 2);
  if (name == "corner") mask(cv::Rect(0, 0, 1, 1)).setTo(1);
  return mask;
}

/// Stages of 32, 16, 8 and 4 tokens a side under a 4 x 4 mask; windows of 8, 8, 8 and 4, Swin's of 4.
inline Plan smallPlan(Family family = Family::kMixMim) {
  ModelConfig model;
  model.encoder = family;
  model.imageSize = {128, 128};
  model.embedDim = 32;
  model.headDim = 16;
  model.depths = {2, 2, 1, 1};
  return planOf(model);
}

}  // namespace cv::mixmim
