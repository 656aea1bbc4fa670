// The answers of a model to pictures, whoever computes them: a trainer or a deployed network.
#pragma once

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The answers to N pictures. Each kind has a member of its own; those that were not asked for, or that the
/// model's task does not give, are empty.
struct Answers {
  cv::Mat scores;    ///< classification: N x classes, CV_32F, before softmax
  cv::Mat features;  ///< any task: N x features, CV_32F, the encoder's tokens averaged
  cv::Mat pictures;  ///< pretraining: N x H x W x 3, CV_8U, RGB, every image restored where it was hidden
};

}  // namespace cv::mixmim
