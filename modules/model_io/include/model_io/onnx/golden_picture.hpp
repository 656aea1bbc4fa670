// The test picture that travels with a model, and the part of the network's answer that is kept.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Of that size, CV_8UC3: a fixed mosaic of random colours, stored as one pixel per square. At most 32
/// squares lie along a side, except where the sides have no common divisor that allows it.
cv::Mat goldenPicture(cv::Size size);

/// A mosaic's squares as pixels: the smallest picture that enlarge() turns into `picture` again.
cv::Mat shrunk(const cv::Mat& picture);

/// Every pixel becomes a square of `side` pixels.
cv::Mat enlarged(const cv::Mat& small, int side);

/// The golden output, the part of a network's answer to one picture that is kept: 1 x numbers in the type of
/// `outputs`. One output, 1 x M: all of it. A pyramid, maps of 1 x C x H x W: one number of every map and
/// channel, concatenated. Channel c gives the number of token c * H * W / C (rounded down), because the
/// samples are then spread over the map.
cv::Mat goldenAnswer(const std::vector<cv::Mat>& outputs);

}  // namespace cv::mixmim
