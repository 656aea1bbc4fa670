#pragma once

#include <string>

namespace cv::mixmim {

/// `value` as a line of a config file holds it: in quotes where it would not survive without.
std::string configText(const std::string& value);

}  // namespace cv::mixmim
