// Progress of long work on stderr: a bar that rewrites its line on a terminal, plain lines now and then
// elsewhere. Nothing is coloured.
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

  /// Ends the bar's line, so that what is printed next begins one of its own. The destructor does so too.
  void end();

  /// `details` is shown behind the numbers ("loss 0.93  512 img/s"). Cheap: draws at most a few times per
  /// second.
  void update(int64_t done, const std::string& details);
  /// The same with the speed so far: "512 images/s".
  void count(int64_t done, const std::string& units);
  /// Prints a line above the bar.
  void note(const std::string& text);

 private:
  bool due() const;
  void draw(const std::string& details);
  double secondsLeft() const;

  std::string what_;
  int64_t total_, done_, first_;
  bool terminal_, drawnBefore_ = false;
  std::string line_;  // what is on the terminal now
  std::chrono::steady_clock::time_point start_, drawn_;
};

/// The line of a terminal of `columns`: shorter than it, because a line that wraps could not be rewritten. A
/// narrow one gets percent instead of the bar.
std::string progressLine(const std::string& what, int64_t done, int64_t total, const std::string& eta,
                         const std::string& details, size_t columns);

/// "1:02:03" or "4:05".
std::string durationText(double seconds);

}  // namespace cv::mixmim
