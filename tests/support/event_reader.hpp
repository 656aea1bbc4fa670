// Event files read back without the writer's code: framing, checksums, and the messages inside.
#pragma once

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace cv::mixmim::test {

struct Event {
  double wallTime = 0;
  int64_t step = 0;
  std::string version;
  bool restart = false;
  std::map<std::string, float> scalars;
  std::map<std::string, std::string> pictures;  ///< tag -> PNG
  int height = 0, width = 0;                    ///< of the last picture
};

inline uint64_t littleEndian(const std::string& bytes, size_t at, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value |= uint64_t{static_cast<uint8_t>(bytes.at(at + static_cast<size_t>(i)))} << (8 * i);
  return value;
}

inline uint32_t maskedCrc32c(const std::string& bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8;
}

/// The payloads of a file of records. Throws for a record that is cut off or damaged.
inline std::vector<std::string> recordsOf(const std::string& bytes) {
  std::vector<std::string> payloads;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = littleEndian(bytes, at, 8);
    if (bytes.size() - at < 16 || bytes.size() - at - 16 < length)
      throw std::runtime_error("a record is cut off");
    const std::string payload = bytes.substr(at + 12, length);
    if (littleEndian(bytes, at + 8, 4) != maskedCrc32c(bytes.substr(at, 8)) ||
        littleEndian(bytes, at + 12 + length, 4) != maskedCrc32c(payload))
      throw std::runtime_error("a record has a wrong checksum");
    payloads.push_back(payload);
    at += 16 + length;
  }
  return payloads;
}

/// One field of a protobuf message.
struct Field {
  int number = 0;
  uint64_t value = 0;  ///< of a varint or a fixed width, as bits
  std::string text;    ///< of bytes, strings and messages
};

inline std::vector<Field> fieldsOf(const std::string& message) {
  size_t at = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(message.at(at++));
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  std::vector<Field> fields;
  while (at < message.size()) {
    const uint64_t tag = varint();
    Field field;
    field.number = static_cast<int>(tag >> 3);
    const int type = tag & 7;
    if (type == 0) {
      field.value = varint();
    } else if (type == 2) {
      const size_t size = varint();
      field.text = message.substr(at, size);
      at += size;
    } else {
      const int size = type == 1 ? 8 : 4;
      field.value = littleEndian(message, at, size);
      at += static_cast<size_t>(size);
    }
    fields.push_back(field);
  }
  return fields;
}

template <class Number, class Bits>
Number fromBits(Bits bits) {
  static_assert(sizeof(Number) == sizeof(Bits));
  Number number;
  std::memcpy(&number, &bits, sizeof(number));
  return number;
}

inline void readValue(const std::string& message, Event& event) {
  std::string tag;
  for (const Field& field : fieldsOf(message)) {
    if (field.number == 1) tag = field.text;
    if (field.number == 2) event.scalars[tag] = fromBits<float>(static_cast<uint32_t>(field.value));
    if (field.number != 4) continue;
    for (const Field& part : fieldsOf(field.text)) {
      if (part.number == 1) event.height = static_cast<int>(part.value);
      if (part.number == 2) event.width = static_cast<int>(part.value);
      if (part.number == 4) event.pictures[tag] = part.text;
    }
  }
}

inline Event eventOf(const std::string& payload) {
  Event event;
  for (const Field& field : fieldsOf(payload)) {
    if (field.number == 1) event.wallTime = fromBits<double>(field.value);
    if (field.number == 2) event.step = static_cast<int64_t>(field.value);
    if (field.number == 3) event.version = field.text;
    if (field.number == 5)
      for (const Field& value : fieldsOf(field.text)) readValue(value.text, event);
    if (field.number == 7) event.restart = fieldsOf(field.text).at(0).value == 1;
  }
  return event;
}

inline std::vector<Event> eventsIn(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<Event> events;
  for (const std::string& payload : recordsOf({std::istreambuf_iterator<char>(stream), {}}))
    events.push_back(eventOf(payload));
  return events;
}

/// The event files of a run, in the order in which TensorBoard reads them.
inline std::vector<std::filesystem::path> eventFilesIn(const std::filesystem::path& run) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(run))
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// A curve as TensorBoard shows it: a restart at step s takes back everything from s on.
inline std::map<int64_t, float> curveOf(const std::filesystem::path& run, const std::string& tag) {
  std::map<int64_t, float> curve;
  for (const auto& file : eventFilesIn(run))
    for (const Event& event : eventsIn(file)) {
      if (event.restart) curve.erase(curve.lower_bound(event.step), curve.end());
      const auto found = event.scalars.find(tag);
      if (found == event.scalars.end()) continue;
      if (curve.count(event.step)) throw std::runtime_error("a step is shown twice");
      curve[event.step] = found->second;
    }
  return curve;
}

}  // namespace cv::mixmim::test
