// A log: a file that grows by whole pieces.
#pragma once

#include <string>
#include <string_view>

namespace cv::mixmim {

/// Appends to a file, which is created if it is not there. A piece is written whole or not at all: what a
/// full disk took of it is taken back, so that later pieces follow the last good one. Nothing is buffered
/// here, so a killed process loses no piece; a power failure may.
///
/// Errors: Error naming the path and the system's reason. After one, the next piece may well succeed.
/// Threads: one at a time. One writer per file.
class AppendFile {
 public:
  explicit AppendFile(std::string path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  const std::string& path() const { return path_; }
  void append(std::string_view piece);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace cv::mixmim
