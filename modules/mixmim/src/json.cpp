#include "opencv2/mixmim/json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;
using Text = json::string_view;

/// Builds a value from the events of the parser. Does what Boost's own handler does, except for doubles.
class ValueBuilder {
 public:
  static constexpr size_t max_object_size = json::object::max_size();  // names the parser prescribes
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();

  ValueBuilder() { stack_.reset(); }
  json::value take() { return stack_.release(); }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return true; }
  bool on_object_end(size_t count, ErrorCode&) { return stack_.push_object(count), true; }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(size_t count, ErrorCode&) { return stack_.push_array(count), true; }
  bool on_key_part(Text part, size_t, ErrorCode&) { return stack_.push_chars(part), true; }
  bool on_key(Text part, size_t, ErrorCode&) { return stack_.push_key(part), true; }
  bool on_string_part(Text part, size_t, ErrorCode&) { return stack_.push_chars(part), true; }
  bool on_string(Text part, size_t, ErrorCode&) { return stack_.push_string(part), true; }
  bool on_number_part(Text part, ErrorCode&) { return number_.append(part.data(), part.size()), true; }
  bool on_int64(int64_t value, Text, ErrorCode&) { return number_.clear(), stack_.push_int64(value), true; }
  bool on_uint64(uint64_t value, Text, ErrorCode&) {
    return number_.clear(), stack_.push_uint64(value), true;
  }
  bool on_double(double approximate, Text part, ErrorCode&) {
    number_.append(part.data(), part.size());
    double exact = approximate;  // stays so where from_chars finds no finite number: 1e999
    std::from_chars(number_.data(), number_.data() + number_.size(), exact);
    number_.clear();
    stack_.push_double(exact);
    return true;
  }
  bool on_bool(bool value, ErrorCode&) { return stack_.push_bool(value), true; }
  bool on_null(ErrorCode&) { return stack_.push_null(), true; }
  bool on_comment_part(Text, ErrorCode&) { return true; }
  bool on_comment(Text, ErrorCode&) { return true; }

 private:
  json::value_stack stack_;
  std::string number_;
};

std::string numberText(double number) {
  constexpr double kLeast = 1e-5, kMost = 1e15;
  if (!std::isfinite(number)) return "null";
  if (number == 0) return std::signbit(number) ? "-0.0" : "0";
  const bool plain = std::abs(number) >= kLeast && std::abs(number) < kMost;
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {std::begin(digits), end.ptr};
}

std::string quoted(Text text) {
  return json::serialize(asUtf8({text.data(), text.size()}));
}

/// Appends the value to `text`.
void write(const json::value& value, std::string& text) {
  const char* separator = "";
  if (const json::object* object = value.if_object()) {
    text += '{';
    for (const auto& entry : *object) {
      text += separator + quoted(entry.key()) + ':';
      write(entry.value(), text);
      separator = ",";
    }
    text += '}';
  } else if (const json::array* array = value.if_array()) {
    text += '[';
    for (const json::value& element : *array) {
      text += separator;
      write(element, text);
      separator = ",";
    }
    text += ']';
  } else if (const json::string* string = value.if_string()) {
    text += quoted(*string);
  } else {
    text += value.is_double() ? numberText(value.get_double()) : json::serialize(value);
  }
}

/// The bytes of the character that begins there, or 0 where none does: Unicode's table of well-formed byte
/// sequences, which has neither surrogates nor a longer form than needed.
size_t characterAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0; };
  const auto in = [&](size_t i, int least, int most) { return byte(i) >= least && byte(i) <= most; };
  const auto follows = [&](size_t i) { return in(i, 0x80, 0xBF); };
  const int first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF)
    return in(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  if (first >= 0xF0 && first <= 0xF4)
    return in(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4
                                                                                                       : 0;
  return 0;
}

}  // namespace

json::value parseJson(std::string_view text, const std::string& where) {
  json::parse_options options;
  options.max_depth = 16;
  json::basic_parser<ValueBuilder> parser(options);
  ErrorCode error;
  const size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::error::extra_data;
  if (error) throw Error(where, fmt::format("not JSON at byte {}: {}", read, error.message()));
  return parser.handler().take();
}

std::string jsonText(const json::value& value) {
  std::string text;
  write(value, text);
  return text;
}

bool isUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = characterAt(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string asUtf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t size = characterAt(text, at);
    if (size == 0)
      result += fmt::format("\\x{:02X}", static_cast<uint8_t>(text[at]));
    else
      result += text.substr(at, size);
    at += std::max<size_t>(size, 1);
  }
  return result;
}

}  // namespace cv::mixmim
