// Milliseconds of the named sizes on this machine, measured once and kept in the user's cache folder.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "catalogue/model_facts.hpp"

namespace cv::mixmim {

/// Times by size, kept in a file of JSON with the conditions under which they were measured: processor,
/// versions and OpenCV's threads. Times of other conditions count as none. Threads: one at a time.
class MeasuredSpeeds {
 public:
  /// Reads `path`; a file that is missing or damaged holds no times. "" keeps nothing.
  explicit MeasuredSpeeds(std::string path);

  /// Median time of one picture through Classifier, ms.
  std::optional<double> of(const std::string& size) const;
  /// Keeps a time in the file. Throws Error where it cannot be written.
  void set(const std::string& size, double ms);

 private:
  std::string path_, conditions_;
  std::map<std::string, double> ms_;
};

/// speeds.json in the user's cache folder; "" where there is none.
std::string speedsFile();

/// Exports an untrained model to a temporary file and classifies a picture with it again and again: the
/// median time, ms. Throws Error where the temporary folder has no room.
double measureMilliseconds(const ModelFacts& facts, double seconds);

}  // namespace cv::mixmim
