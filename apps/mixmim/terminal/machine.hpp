// The machine and the program, in words.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace cv::mixmim {

/// The text after "key: " in a file of /proc, or "".
std::string systemLine(const char* path, const std::string& key);

/// The processor's name, or "".
std::string processorName();

/// Versions of this program and the libraries it was built with, by name.
boost::json::object programVersions();

}  // namespace cv::mixmim
