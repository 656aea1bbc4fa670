// Pieces of HTML.
#pragma once

#include <string>
#include <string_view>

namespace cv::mixmim::report {

/// Text from anywhere, safe between tags and inside quoted attributes. Control characters are left out, bytes
/// that are no UTF-8 are written out, and what is longer than `longest` bytes is cut, with an ellipsis.
std::string escaped(std::string_view given, size_t longest = 400);

/// "0.7312", "12.4k", "3.1e-4": three or four significant digits, for people.
std::string numberText(double number);
/// 0.7312 -> "73.1 %"
std::string percentText(double share);

/// <section> with a heading; "" where there is no content.
std::string section(const std::string& id, const std::string& title, const std::string& content);

/// A two-column row of a table. Both are HTML.
std::string row(const std::string& head, const std::string& cell);

}  // namespace cv::mixmim::report
