// Beginnings and ends of texts, which C++17 does not have, and sizes as text.
#pragma once

#include <string>
#include <string_view>

#include <opencv2/core/types.hpp>

namespace cv::mixmim {

/// Whether `text` begins with `start`.
inline bool startsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Whether `text` ends with `end`.
inline bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The size of pictures in messages and files: their side, "224", or rows and columns, "192x256".
inline std::string sizeText(cv::Size size) {
  const std::string width = std::to_string(size.width);
  return size.width == size.height ? width : std::to_string(size.height) + 'x' + width;
}

}  // namespace cv::mixmim
