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

/// A few smooth pictures made from random numbers, larger than the model's input and of other proportions.
std::vector<cv::Mat> testPictures(int count, cv::Size inputSize);

/// How many of them an export is compared on.
inline constexpr int kComparedPictures = 4;

/// The trainer plugin's answers to testPictures(kComparedPictures, model.imageSize), N x numbers: logits for
/// a head with classes, else features. Empty, with the reason in `whyNot`, where there is no such plugin or
/// it fails, even by a crash. Computed by this program in a process of its own, because LibTorch and OpenCV's
/// DNN module need not share one. Throws Error where that cannot be started.
std::optional<cv::Mat> trainerScores(const Config& config, const TensorMap& weights, Head head,
                                     std::string* whyNot);

/// The verb that runs in that process.
inline constexpr const char* kTrainerScoresVerb = "trainer-scores";

/// In that process, the scores that trainerScores() asks for on standard input. Throws Error for a request
/// that is wrong, and what the trainer throws.
cv::Mat requestedScores();

}  // namespace cv::mixmim
