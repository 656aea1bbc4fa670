#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// The lines of a text file, whichever editor wrote it: without line ends, without a byte order mark, without
/// empty lines at the end. Throws Error for a file that cannot be read, with `hint`, and for UTF-16.
std::vector<std::string> readTextLines(const std::string& path, const std::string& hint);

}  // namespace cv::mixmim
