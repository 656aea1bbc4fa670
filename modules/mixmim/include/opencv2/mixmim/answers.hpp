// The answers of a model to pictures, whoever computes them: a trainer or a deployed network.
#pragma once

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The answers to N pictures. Each kind has a member of its own; those that were not asked for, or that the
/// model's task does not give, are empty.
struct Answers {
  cv::Mat scores;    ///< classification: N x classes, CV_32F, before softmax or sigmoid
  cv::Mat features;  ///< any task: N x features, CV_32F, the encoder's tokens averaged
  cv::Mat pictures;  ///< pretraining: N x H x W x 3, CV_8U, RGB, every image restored where it was hidden
};

/// Scores -> probabilities, N x classes, CV_32F: the softmax of each row or, where a picture may have several
/// labels, the sigmoid of each number.
CV_EXPORTS cv::Mat probabilitiesOf(const cv::Mat& scores, bool severalLabels);

}  // namespace cv::mixmim
