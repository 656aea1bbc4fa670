#pragma once

#include <string>

namespace cv::mixmim {

std::string tbbVersion();   ///< of the loaded library, "2021.8"
std::string jpegVersion();  ///< of the headers this was built with

}  // namespace cv::mixmim
