// Progress of long work on stderr: a bar that rewrites its line on a terminal, plain lines now and then
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cv::mixmim {

class Progress {
 public:
  /// `what` is being done; `total` units in all, of which `done` already are.
  Progress(std::string what, int64_t total, int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `details` is shown behind the bar ("loss 0.93  512 img/s"). Cheap: draws at most a few times per second.
  void update(int64_t done, const std::string& details);
  /// Prints a line above the bar.
  void note(const std::string& text);

 private:
  void draw(const std::string& details);

  std::string what_;
  int64_t total_, done_, first_;
  bool terminal_;
  std::string line_;  // what is on the terminal now
  std::chrono::steady_clock::time_point start_, drawn_;
};

/// "1:02:03" or "4:05".
std::string durationText(double seconds);

}  // namespace cv::mixmim
