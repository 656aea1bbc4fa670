// The encoder and its heads computed the plain way: the equations of the paper in float64, one picture at a
// time, no folding, no graph. Slow and easy to check; what exported networks are compared with.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "model/output.hpp"
#include "opencv2/mixmim/train/config.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

// `weights` have official names, float32; they are trusted to fit `model` (std::out_of_range or cv::Exception
// otherwise) and hold a classifier only where the head has classes. Threads: safe; uses cv::parallel_for_,
// with the same result for any number of threads.

/// Class scores of normalised images. `images`: N x 3 x S x S, CV_32F, planes R G B. Returns N x classes,
/// CV_64F.
cv::Mat referenceForward(const TensorMap& weights, const ModelConfig& model, const cv::Mat& images);

/// Class scores of one picture as OpenCV reads it: S x S, CV_8UC3, BGR. Returns 1 x classes, CV_64F.
cv::Mat referenceLogits(const TensorMap& weights, const ModelConfig& model, const cv::Mat& picture);

/// The outputs that a network with that head must give for one such picture, shaped as the network's, CV_64F.
std::vector<cv::Mat> referenceOutputs(const TensorMap& weights, const ModelConfig& model, Head head,
                                      const cv::Mat& picture);

/// (x / 255 - mean) / std in float32, in this order: S x S, CV_8UC3, BGR -> 1 x 3 x S x S, CV_32F, planes R G
/// B.
cv::Mat normalisedPlanes(const cv::Mat& picture);

}  // namespace cv::mixmim
