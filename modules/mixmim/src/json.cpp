#include "opencv2/mixmim/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>

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

}  // namespace cv::mixmim
