// Byte order marks, which editors of Windows put before a text.
#pragma once

#include <string_view>

#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

/// True for a text that begins with a mark of UTF-16, of either byte order.
inline bool hasUtf16Mark(std::string_view text) {
  return startsWith(text, "\xff\xfe") || startsWith(text, "\xfe\xff");
}

/// The text behind the mark of UTF-8, or the whole text where it has none.
inline std::string_view withoutUtf8Mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return startsWith(text, kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace cv::mixmim
