#include "apps/mixmim/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "apps/mixmim/usage.hpp"

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

Progress::Progress(std::string what, int64_t total, int64_t done)
    : what_(std::move(what)),
      total_(total),
      done_(done),
      first_(done),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (!line_.empty()) std::cerr << '\n';
}

void Progress::update(int64_t done, const std::string& details) {
  done_ = done;
  const double interval = terminal_ ? 0.2 : 10;
  if (secondsSince(drawn_) < interval && done < total_) return;
  drawn_ = Clock::now();
  draw(details);
}

void Progress::draw(const std::string& details) {
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
  const int64_t here = done_ - first_;
  const double left =
      here > 0 ? secondsSince(start_) / static_cast<double>(here) * static_cast<double>(total_ - done_) : 0;
  const std::string numbers = fmt::format("{}/{}  eta {}  {}", done_, total_, durationText(left), details);
  if (!terminal_) {
    std::cerr << fmt::format("{} {}\n", what_, numbers);
    return;
  }
  constexpr size_t kCells = 24;
  const auto full = static_cast<size_t>(share * kCells);
  std::string line =
      fmt::format("{} [{}{}] {}", what_, std::string(full, '#'), std::string(kCells - full, '.'), numbers);
  line.resize(std::min(line.size(), terminalWidth() - 1));  // a line that wraps could not be rewritten
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
