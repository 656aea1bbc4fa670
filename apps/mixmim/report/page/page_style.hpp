#pragma once

namespace cv::mixmim::report {

/// page.css, which CMake puts into the program.
extern const char* const kPageStyle;

}  // namespace cv::mixmim::report
