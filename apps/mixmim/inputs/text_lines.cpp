#include "inputs/text_lines.hpp"

#include <fstream>

#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// The beginning of such a file, or a first letter that takes two bytes.
bool isUtf16(std::string_view text) {
  return hasUtf16Mark(text) || (text.size() > 1 && (text[0] == '\0') != (text[1] == '\0'));
}

}  // namespace

std::vector<std::string> readTextLines(const std::string& path, const std::string& hint) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (lines.empty() && isUtf16(line)) throw Error(path, "is UTF-16", "save it as UTF-8");
    if (lines.empty()) line = std::string(withoutUtf8Mark(line));
    if (endsWith(line, "\r")) line.pop_back();
    lines.push_back(line);
  }
  if (!file.eof()) throw Error(path, "cannot be read", hint);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace cv::mixmim
