// The test picture that travels with a model: a mosaic of equal squares, stored as one pixel per square.
#pragma once

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// side x side, CV_8UC3: a fixed mosaic of at most 32 x 32 random colours.
cv::Mat goldenPicture(int side);

/// A mosaic's squares as pixels: the smallest picture that enlarge() turns into `picture` again.
cv::Mat shrunk(const cv::Mat& picture);

/// Every pixel becomes a square; `side` must be a multiple of small.cols.
cv::Mat enlarged(const cv::Mat& small, int side);

}  // namespace cv::mixmim
