#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cv::mixmim {

/// 'name' for messages: what a stranger wrote, without control characters and not longer than a line.
inline std::string quoted(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return fmt::format("'{}{}'", text, name.size() > kLongest ? "..." : "");
}

/// "a, b, c, d, e and 95 more": a list for a message, which stays readable when everything is wrong.
inline std::string firstFew(const std::vector<std::string>& entries) {
  constexpr size_t kFew = 5;
  if (entries.size() <= kFew) return fmt::format("{}", fmt::join(entries, ", "));
  return fmt::format("{} and {} more", fmt::join(entries.begin(), entries.begin() + kFew, ", "),
                     entries.size() - kFew);
}

inline bool startsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

inline bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace cv::mixmim
