// Beginnings and ends of texts, which C++17 does not have.
#pragma once

#include <string_view>

namespace cv::mixmim {

/// Whether `text` begins with `start`.
inline bool startsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Whether `text` ends with `end`.
inline bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace cv::mixmim
