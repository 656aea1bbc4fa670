// The training side's answer to pictures, for comparison with the deployed path.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "model/output.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// A few smooth pictures made from random numbers, larger than the model's input and not square.
std::vector<cv::Mat> testPictures(int count, int inputSize);

/// What the trainer plugin answers to BGR pictures, N x numbers: logits for a head with classes, else
/// features; empty, with the reason in `whyNot`, where there is no such plugin. Computed in a child process:
/// LibTorch and OpenCV's DNN module need not share one. Call before this process has started threads.
std::optional<cv::Mat> trainerScores(const Config& config, const TensorMap& weights, Head head,
                                     const std::vector<cv::Mat>& pictures, std::string* whyNot);

}  // namespace cv::mixmim
