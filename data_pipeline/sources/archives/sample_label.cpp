#include "sources/archives/sample_label.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cctype>

#include <fmt/format.h>

#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/names/class_numbers.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kLongestLabel = 100;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  text = withoutUtf8Mark(text);
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool isDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool isOneLine(std::string_view text) {
  return text.size() <= kLongestLabel &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

/// "007" is the number 7 in a .cls file.
std::string numberOrName(std::string_view text) {
  if (text.empty() || !isDigits(text)) return std::string(text);
  return std::string(text.substr(std::min(text.find_first_not_of('0'), text.size() - 1)));
}

std::string labelInCls(std::string_view bytes) {
  const std::string_view text = trimmed(bytes);
  const std::string label = numberOrName(text);
  if (label.empty() || !isOneLine(text) || !isUtf8(text) || (isDigits(text) && !isClassNumber(label)))
    throw Error(
        fmt::format("expected a class number from 0 to {}, or a name, in the .cls file", kMostClasses - 1));
  return label;
}

std::string labelInJson(std::string_view bytes) {
  const boost::json::value value = parseJson(trimmed(bytes), "the .json file");
  if (!value.is_object()) return {};
  for (const char* member : {"label", "cls", "class", "class_id", "class_name", "category", "category_id"}) {
    const boost::json::value* label = value.get_object().if_contains(member);
    if (label == nullptr) continue;
    if (label->is_int64() && label->get_int64() >= 0) return std::to_string(label->get_int64());
    if (!label->is_string()) continue;
    const std::string_view name = trimmed(label->get_string());
    if (!isOneLine(name))
      throw Error(fmt::format("expected a class name of at most {} bytes in the .json file", kLongestLabel));
    return std::string(name);
  }
  return {};
}

std::string labelInTxt(std::string_view bytes) {
  const std::string_view text = trimmed(bytes);
  return isOneLine(text) && isUtf8(text) ? std::string(text) : std::string();
}

}  // namespace

std::string labelIn(LabelFile file, std::string_view bytes) {
  switch (file) {
    case LabelFile::kCls:
      return labelInCls(bytes);
    case LabelFile::kJson:
      return labelInJson(bytes);
    case LabelFile::kTxt:
      return labelInTxt(bytes);
  }
  return {};
}

}  // namespace cv::mixmim
