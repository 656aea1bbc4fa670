// NumPy's format for one array.
#pragma once

#include <string>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Writes rows x columns numbers (CV_32F, 2 dimensions) as an .npy of version 1.0, "<f4", rows one after the
/// other, which numpy.load reads. The file appears complete or not at all (AtomicFile). Throws Error for
/// another kind of matrix or a failing disk.
/// Source: "NEP 1 - A Simple File Format for NumPy Arrays".
void writeNpy(const std::string& path, const cv::Mat& numbers);

}  // namespace cv::mixmim
