#include "model_io/files/event_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <charconv>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "files/protobuf.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

/// Field numbers of event.proto and summary.proto.
namespace field {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;  // Event
constexpr int kStatus = 1;                                                                // SessionLog
constexpr int kValue = 1;                                                                 // Summary
constexpr int kTag = 1, kSimpleValue = 2, kImage = 4;                                     // Summary.Value
constexpr int kHeight = 1, kWidth = 2, kColourSpace = 3, kEncoded = 4;                    // Summary.Image
}  // namespace field

uint32_t maskedCrc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // CRC-32C, Castagnoli
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t sum = crc.checksum();
  return (sum >> 15 | sum << 17) + 0xa282ead8u;
}

std::string littleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

ProtobufWriter eventAt(double wallTime, int64_t step) {
  ProtobufWriter event;
  event.real64(field::kWallTime, wallTime);
  if (step != 0) event.number(field::kStep, step);
  return event;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The number of ten digits between kEventFileStart and a dot, or 0.
int64_t secondsInName(const std::string& name) {
  constexpr size_t kDigits = 10;
  int64_t seconds = 0;
  if (startsWith(name, kEventFileStart) &&
      name.find('.', kEventFileStart.size()) == kEventFileStart.size() + kDigits) {
    const char* digits = name.data() + kEventFileStart.size();
    std::from_chars(digits, digits + kDigits, seconds);
  }
  return seconds;
}

std::string hostName() {
  std::array<char, 256> host{};
  const bool known = ::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0';
  return known ? host.data() : "localhost";
}

/// Named after the time, or a later one if the folder already has a file of this second or of the future.
std::string newName(const std::string& folder) {
  auto seconds = static_cast<int64_t>(now());
  std::error_code error;  // a folder that cannot be listed: creating the file will say why
  for (const auto& entry : fs::directory_iterator(folder, error))
    seconds = std::max(seconds, secondsInName(entry.path().filename().string()) + 1);
  return (fs::path(folder) / fmt::format("{}{:010}.{}", kEventFileStart, seconds, hostName())).string();
}

}  // namespace

std::string tfRecord(std::string_view payload) {
  const std::string length = littleEndian(payload.size(), 8);
  return length + littleEndian(maskedCrc(length), 4) + std::string(payload) +
         littleEndian(maskedCrc(payload), 4);
}

std::string versionEvent(double wallTime, int64_t step) {
  ProtobufWriter event = eventAt(wallTime, step);
  event.text(field::kFileVersion, "brain.Event:2");
  return event.buffer();
}

std::string restartEvent(double wallTime, int64_t step) {
  constexpr int kStart = 1;  // SessionLog.SessionStatus
  ProtobufWriter event = eventAt(wallTime, step), log;
  log.number(field::kStatus, kStart);
  event.message(field::kSessionLog, log);
  return event.buffer();
}

std::string scalarsEvent(double wallTime, int64_t step, const Scalars& values) {
  ProtobufWriter event = eventAt(wallTime, step), summary;
  for (const auto& [tag, number] : values) {
    ProtobufWriter value;
    value.text(field::kTag, tag);
    value.real(field::kSimpleValue, static_cast<float>(number));
    summary.message(field::kValue, value);
  }
  event.message(field::kSummary, summary);
  return event.buffer();
}

std::string pictureEvent(double wallTime, int64_t step, const std::string& tag, cv::Size size,
                         const std::vector<uint8_t>& png) {
  constexpr int kRgb = 3;
  ProtobufWriter event = eventAt(wallTime, step), summary, value, image;
  image.number(field::kHeight, size.height);
  image.number(field::kWidth, size.width);
  image.number(field::kColourSpace, kRgb);
  image.text(field::kEncoded, {reinterpret_cast<const char*>(png.data()), png.size()});
  value.text(field::kTag, tag);
  value.message(field::kImage, image);
  summary.message(field::kValue, value);
  event.message(field::kSummary, summary);
  return event.buffer();
}

EventFile::EventFile(const std::string& folder, int64_t firstStep) : file_(newName(folder)) {
  const double time = now();
  beginning_ = tfRecord(versionEvent(time, firstStep));
  if (firstStep > 0) beginning_ += tfRecord(restartEvent(time, firstStep));
}

void EventFile::scalars(int64_t step, const Scalars& values) {
  append(scalarsEvent(now(), step, values));
}

void EventFile::picture(int64_t step, const std::string& tag, cv::Size size,
                        const std::vector<uint8_t>& png) {
  append(pictureEvent(now(), step, tag, size, png));
}

void EventFile::append(const std::string& event) {
  file_.append(beginning_ + tfRecord(event));
  beginning_.clear();
}

}  // namespace cv::mixmim
