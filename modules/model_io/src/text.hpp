#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace cv::mixmim {

/// 'name' for messages: what a stranger wrote, without control characters and not longer than a line.
inline std::string quoted(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return fmt::format("'{}{}'", text, name.size() > kLongest ? "..." : "");
}

inline bool startsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

inline bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace cv::mixmim
