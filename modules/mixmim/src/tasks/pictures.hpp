// Pictures as applications have them.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Whether the input is a list of pictures, in any of OpenCV's ways.
bool isList(cv::InputArray input);

/// One picture or a list of them, 8-bit, 1, 3 (BGR) or 4 (BGRA) channels, any sizes -> 8-bit BGR; pictures
/// that are BGR are not copied. Throws Error naming `where` for anything else, and for none.
std::vector<cv::Mat> bgrPictures(cv::InputArrayOfArrays input, const char* where);

}  // namespace cv::mixmim
