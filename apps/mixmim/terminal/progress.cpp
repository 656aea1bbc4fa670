#include "terminal/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "terminal/usage.hpp"

namespace cv::mixmim {

namespace {

size_t terminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string durationText(double seconds) {
  const auto s = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string progressLine(const std::string& what, int64_t done, int64_t total, const std::string& eta,
                         const std::string& details, size_t columns) {
  constexpr size_t kCells = 24, kRoomForBar = 72;
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kCells);
  std::string line = columns >= kRoomForBar
                         ? fmt::format("{} [{}{}] {}/{}  eta {}  {}", what, std::string(full, '#'),
                                       std::string(kCells - full, '.'), done, total, eta, details)
                         : fmt::format("{} {:.0f}% eta {} {}", what, std::floor(100 * share), eta, details);
  line.resize(std::min(line.size(), std::max<size_t>(columns, 1) - 1));
  return line;
}

Progress::Progress(std::string what, int64_t total, int64_t done)
    : what_(std::move(what)),
      total_(total),
      done_(done),
      first_(done),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  end();
}

void Progress::end() {
  if (!line_.empty()) std::cerr << '\n';
  line_.clear();
}

/// The end is always drawn on a terminal; elsewhere where there was something to wait for.
bool Progress::due() const {
  constexpr double kSecondsBetweenRedraws = 0.2, kSecondsBetweenLines = 10;
  const double interval = terminal_ ? kSecondsBetweenRedraws : kSecondsBetweenLines;
  return secondsSince(drawn_) >= interval || (done_ >= total_ && (terminal_ || drawnBefore_));
}

double Progress::secondsLeft() const {
  const int64_t here = done_ - first_;
  return here > 0 ? secondsSince(start_) / static_cast<double>(here) * static_cast<double>(total_ - done_)
                  : 0;
}

void Progress::update(int64_t done, const std::string& details) {
  done_ = done;
  if (due()) draw(details);
}

void Progress::count(int64_t done, const std::string& units) {
  done_ = done;
  if (!due()) return;
  const double speed = static_cast<double>(done - first_) / std::max(1e-9, secondsSince(start_));
  draw(fmt::format("{:.{}f} {}/s", speed, speed < 10 ? 1 : 0, units));
}

void Progress::draw(const std::string& details) {
  drawn_ = Clock::now();
  drawnBefore_ = true;
  const std::string eta = durationText(secondsLeft());
  if (!terminal_) {
    std::cerr << fmt::format("{} {}/{}  eta {}  {}\n", what_, done_, total_, eta, details);
    return;
  }
  std::string line = progressLine(what_, done_, total_, eta, details, terminalWidth());
  const size_t rest = line_.size() > line.size() ? line_.size() - line.size() : 0;
  std::cerr << "\r" + line + std::string(rest, ' ');
  line_ = std::move(line);
}

void Progress::note(const std::string& text) {
  if (!line_.empty()) std::cerr << "\r" + std::string(line_.size(), ' ') + "\r";
  line_.clear();
  std::cerr << text + "\n";
}

}  // namespace cv::mixmim
