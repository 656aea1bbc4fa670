#include "files/protobuf.hpp"

#include <cstring>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

void ProtobufWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) buffer_ += static_cast<char>(0x80 | (value & 0x7f));
  buffer_ += static_cast<char>(value);
}

void ProtobufWriter::tag(int field, WireType type) {
  varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type));
}

void ProtobufWriter::number(int field, int64_t value) {
  tag(field, WireType::kVarint);
  varint(static_cast<uint64_t>(value));  // negative numbers take ten bytes, as protobuf wants it
}

void ProtobufWriter::real(int field, float value) {
  uint32_t pattern = 0;
  std::memcpy(&pattern, &value, sizeof(pattern));
  tag(field, WireType::kFixed32);
  bits(pattern, sizeof(pattern));
}

void ProtobufWriter::real64(int field, double value) {
  uint64_t pattern = 0;
  std::memcpy(&pattern, &value, sizeof(pattern));
  tag(field, WireType::kFixed64);
  bits(pattern, sizeof(pattern));
}

void ProtobufWriter::bits(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) buffer_ += static_cast<char>(value >> (8 * i) & 0xff);
}

void ProtobufWriter::text(int field, std::string_view value) {
  header(field, value.size());
  buffer_ += value;
}

void ProtobufWriter::header(int field, uint64_t size) {
  tag(field, WireType::kBytes);
  varint(size);
}

void ProtobufReader::damaged(const std::string& what) const {
  throw Error(fmt::format("{}: damaged at byte {}", where_, offset_ + at_), what,
              "copy the file again or export it anew");
}

uint64_t ProtobufReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == bytes_.size()) damaged("expected a number, got the end of the data");
    const auto byte = static_cast<uint8_t>(bytes_[at_++]);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  damaged("expected a number of at most 10 bytes, got a longer one");
}

std::string_view ProtobufReader::take(uint64_t size) {
  if (size > bytes_.size() - at_)
    damaged(fmt::format("expected {} more bytes, got {}", size, bytes_.size() - at_));
  const std::string_view taken = bytes_.substr(at_, static_cast<size_t>(size));
  at_ += taken.size();
  return taken;
}

bool ProtobufReader::next() {
  if (at_ == bytes_.size()) return false;
  constexpr uint64_t kLargestField = (1 << 29) - 1;
  const uint64_t tag = varint();
  if (tag >> 3 == 0 || tag >> 3 > kLargestField)
    damaged(fmt::format("expected a field number from 1 to {}, got {}", kLargestField, tag >> 3));
  field_ = static_cast<int>(tag >> 3);
  type_ = static_cast<WireType>(tag & 7);
  switch (type_) {
    case WireType::kVarint:
      number_ = varint();
      return true;
    case WireType::kFixed64:
      take(8);
      return true;
    case WireType::kBytes:
      text_ = take(varint());
      return true;
    case WireType::kFixed32:
      take(4);
      return true;
  }
  damaged(fmt::format("expected a field of wire type 0, 1, 2 or 5, got {}", tag & 7));
}

ProtobufReader ProtobufReader::message() const {
  return {text_, where_, offset_ + at_ - text_.size()};
}

}  // namespace cv::mixmim
