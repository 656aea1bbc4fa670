#include "files/safetensors_events.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <set>

#include <fmt/format.h>

#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;
using Text = json::string_view;

DType dtypeOf(std::string_view name, const std::string& where) {
  std::string known;
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (name == nameOf(dtype)) return dtype;
    known += fmt::format("{}{}", i == 0 ? "" : ", ", nameOf(dtype));
  }
  throw Error(where, fmt::format("dtype: expected one of {}, got {}", known, inQuotes(name)));
}

/// Receives the parser's events. The text has three levels:
///   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"key": "value"}}
class HeaderEvents {
 public:
  // Names the parser prescribes; the header's size bounds them all.
  static constexpr size_t max_object_size = kLargestHeader, max_array_size = kLargestHeader;
  static constexpr size_t max_key_size = kLargestHeader, max_string_size = kLargestHeader;

  explicit HeaderEvents(const std::string& where) : where_(where) {}
  SafetensorsHeader take() { return std::move(header_); }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }

  bool on_object_begin(ErrorCode&) {
    if (place_ == Place::kStart) return enter(Place::kTensors);
    if (place_ != Place::kTensors) unexpected("an object");
    fields_.clear();
    if (name_ == kMetadataName) return enter(Place::kMetadata);
    header_.entries.emplace_back().name = name_;
    return enter(Place::kEntry);
  }
  bool on_object_end(size_t, ErrorCode&) {
    if (place_ == Place::kTensors) return enter(Place::kStart);
    if (place_ == Place::kEntry) finishEntry();
    return enter(Place::kTensors);
  }
  bool on_array_begin(ErrorCode&) {
    offsets_ = 0;
    if (place_ == Place::kEntry && key_ == "shape") return enter(Place::kShape);
    if (place_ == Place::kEntry && key_ == "data_offsets") return enter(Place::kOffsets);
    unexpected("an array");
  }
  bool on_array_end(size_t, ErrorCode&) {
    if (place_ == Place::kOffsets && offsets_ != 2) fail("data_offsets: expected two numbers");
    return enter(Place::kEntry);
  }

  bool on_key_part(Text part, size_t, ErrorCode&) { return append(part); }
  bool on_key(Text part, size_t, ErrorCode&) {
    append(part);
    key_ = std::move(text_);
    text_.clear();
    if (place_ == Place::kTensors) name_ = key_;
    const bool isNew = place_ == Place::kTensors ? names_.insert(key_).second : fields_.insert(key_).second;
    if (!isNew && place_ == Place::kTensors) fail("appears twice");
    if (!isNew) fail(fmt::format("{} appears twice", inQuotes(key_)));
    if (place_ == Place::kEntry && key_ != "dtype" && key_ != "shape" && key_ != "data_offsets")
      fail(fmt::format("expected dtype, shape and data_offsets, got {}", inQuotes(key_)));
    return true;
  }

  bool on_string_part(Text part, size_t, ErrorCode&) { return append(part); }
  bool on_string(Text part, size_t, ErrorCode&) {
    append(part);
    if (place_ == Place::kMetadata)
      header_.metadata.emplace(key_, text_);
    else if (place_ == Place::kEntry && key_ == "dtype")
      header_.entries.back().dtype = dtypeOf(text_, here());
    else
      unexpected("a string");
    text_.clear();
    return true;
  }

  bool on_int64(int64_t value, Text, ErrorCode&) {
    constexpr size_t kMostDimensions = 32;
    if (place_ != Place::kShape && place_ != Place::kOffsets) unexpected("a number");
    if (value < 0) fail(fmt::format("{}: expected whole numbers from 0, got {}", key_, value));
    TensorEntry& entry = header_.entries.back();
    if (place_ == Place::kShape) {
      entry.shape.push_back(value);
      if (entry.shape.size() > kMostDimensions)
        fail(fmt::format("shape: expected at most {} dimensions", kMostDimensions));
    } else {
      if (offsets_ < 2) (offsets_ == 0 ? entry.begin : entry.end) = static_cast<uint64_t>(value);
      ++offsets_;
    }
    return true;
  }
  bool on_uint64(uint64_t, Text, ErrorCode&) { fail(fmt::format("{}: a number is too large", key_)); }
  bool on_double(double, Text, ErrorCode&) { unexpected("a fraction"); }
  bool on_number_part(Text, ErrorCode&) { return true; }
  bool on_bool(bool, ErrorCode&) { unexpected("true or false"); }
  bool on_null(ErrorCode&) { unexpected("null"); }
  bool on_comment_part(Text, ErrorCode&) { return true; }
  bool on_comment(Text, ErrorCode&) { return true; }

 private:
  enum class Place { kStart, kTensors, kEntry, kShape, kOffsets, kMetadata };

  bool enter(Place place) {
    place_ = place;
    return true;
  }
  bool append(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  void finishEntry() const {
    for (const char* key : {"dtype", "shape", "data_offsets"})
      if (fields_.count(key) == 0) fail(fmt::format("has no {}", key));
  }
  std::string here() const {
    return fmt::format("{}: {}{}", where_, name_ == kMetadataName ? "" : "tensor ", inQuotes(name_));
  }
  [[noreturn]] void fail(const std::string& what) const { throw Error(here(), what); }
  [[noreturn]] void unexpected(const char* what) const {
    if (place_ == Place::kTensors) fail(fmt::format("expected an object, got {}", what));
    fail(fmt::format("{}: {} is out of place", key_, what));
  }

  const std::string& where_;
  SafetensorsHeader header_;
  Place place_ = Place::kStart;
  std::string text_, key_, name_;         ///< being read; last key; key at the top level
  std::set<std::string> names_, fields_;  ///< seen at the top level; in the object being read
  int offsets_ = 0;                       ///< numbers of data_offsets so far
};

}  // namespace

SafetensorsHeader readHeaderEvents(std::string_view text, const std::string& where) {
  json::parse_options options;
  options.max_depth = 3;
  json::basic_parser<HeaderEvents> parser(options, where);
  ErrorCode error;
  const size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::error::extra_data;
  if (error) throw Error(where, fmt::format("header: not JSON at byte {}: {}", read, error.message()));
  return parser.handler().take();
}

}  // namespace cv::mixmim
