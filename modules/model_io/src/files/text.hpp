// Names from files that may be hostile, as messages show them.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace cv::mixmim {

/// 'name' for messages: text that may be hostile, without control characters and not longer than a line.
inline std::string inQuotes(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return fmt::format("'{}{}'", text, name.size() > kLongest ? "..." : "");
}

}  // namespace cv::mixmim
