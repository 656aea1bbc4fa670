// The protobuf wire format, as far as ONNX and event files need it: varints, floats and length-delimited
// fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cv::mixmim {

/// How a field is stored. Groups (3 and 4) are obsolete and refused.
enum class WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Appends fields of one message. Same calls, same bytes.
class ProtobufWriter {
 public:
  void number(int field, int64_t value);
  void real(int field, float value);
  void real64(int field, double value);
  void text(int field, std::string_view value);  ///< strings, bytes and nested messages alike
  void message(int field, const ProtobufWriter& value) { text(field, value.buffer_); }

  /// The beginning of a length-delimited field whose `size` bytes the caller writes afterwards.
  void header(int field, uint64_t size);

  const std::string& buffer() const { return buffer_; }

 private:
  void varint(uint64_t value);
  void tag(int field, WireType type);
  void bits(uint64_t value, int bytes);

  std::string buffer_;
};

/// Walks the fields of one message in memory that belongs to somebody else. Made for hostile bytes: every
/// size is checked before it is used, nothing is allocated, and each call advances, so the walk ends.
///
///   for (ProtobufReader reader(bytes, "model.onnx"); reader.next();)
///     if (reader.is(7, WireType::kBytes)) use(reader.text());
///
/// Throws Error "<where>: damaged at byte ..." for anything that is not a well-formed message.
class ProtobufReader {
 public:
  /// `where` names the file and `offset` the place of `bytes` in it, for messages.
  ProtobufReader(std::string_view bytes, std::string_view where, size_t offset = 0)
      : bytes_(bytes), where_(where), offset_(offset) {}

  bool next();  ///< reads one field; false at the end of the message

  bool is(int field, WireType type) const { return field == field_ && type == type_; }
  int field() const { return field_; }
  uint64_t number() const { return number_; }      ///< value of a kVarint field
  std::string_view text() const { return text_; }  ///< content of a kBytes field
  ProtobufReader message() const;                  ///< the same as a nested message

 private:
  uint64_t varint();
  std::string_view take(uint64_t size);
  [[noreturn]] void damaged(const std::string& what) const;

  std::string_view bytes_;
  std::string_view where_;
  size_t offset_;
  size_t at_ = 0;
  int field_ = 0;
  WireType type_ = WireType::kVarint;
  uint64_t number_ = 0;
  std::string_view text_;
};

}  // namespace cv::mixmim
