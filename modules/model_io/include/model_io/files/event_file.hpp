// Event files: curves and pictures of a run as TensorBoard reads them. The format is a sequence of records
// (TFRecord), each an `Event` message of TensorFlow's event.proto, "brain.Event:2".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opencv2/core/types.hpp>

#include "model_io/files/append_file.hpp"

namespace cv::mixmim {

/// Named numbers of one step: {"train/loss", 0.83}. TensorBoard groups curves by what stands before the
/// slash.
using Scalars = std::vector<std::pair<std::string, double>>;

/// One event file of a run folder, written record by record.
///
/// A run that is continued writes another file, whose name sorts after the earlier ones: TensorBoard reads
/// them in that order. With `firstStep` > 0 the file opens with the mark of a restart there, and TensorBoard
/// forgets what earlier files say of that step and of later ones.
///
///   EventFile events("runs/first", 0);
///   events.scalars(10, {{"train/loss", 0.83}});
///
/// Numbers are stored as float32; those that are not finite are allowed. Errors: Error, from the constructor
/// when the file cannot be created, from the others when it cannot be written; the file then ends after its
/// last whole record, and the next one may be tried. Threads: one at a time.
class EventFile {
 public:
  EventFile(const std::string& folder, int64_t firstStep);

  const std::string& path() const { return file_.path(); }

  void scalars(int64_t step, const Scalars& values);
  /// `png`: an encoded picture of that size with three channels.
  void picture(int64_t step, const std::string& tag, cv::Size size, const std::vector<uint8_t>& png);

 private:
  void append(const std::string& event);

  AppendFile file_;
  std::string beginning_;  // the first records, until they are written together with the next one
};

/// How the names of event files begin.
inline constexpr std::string_view kEventFileStart = "events.out.tfevents.";

/// A record: length and payload, each followed by its masked CRC-32C.
std::string tfRecord(std::string_view payload);

/// The payloads. `wallTime`: seconds since 1970.
std::string versionEvent(double wallTime, int64_t step);
std::string restartEvent(double wallTime, int64_t step);
std::string scalarsEvent(double wallTime, int64_t step, const Scalars& values);
std::string pictureEvent(double wallTime, int64_t step, const std::string& tag, cv::Size size,
                         const std::vector<uint8_t>& png);

}  // namespace cv::mixmim
