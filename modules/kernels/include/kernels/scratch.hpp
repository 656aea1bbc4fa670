// Memory that a thread keeps from one call of a kernel to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cv::mixmim {

class KernelScratch {
 public:
  /// Forgets what was taken and makes room for `numbers` more, rounded up for `arrays` calls of take().
  void reset(int64_t numbers, int arrays) {
    const size_t lines = static_cast<size_t>(numbers) / kPerLine + static_cast<size_t>(arrays);
    if (lines_.size() < lines) lines_.resize(lines);
    used_ = 0;
  }

  /// 64-byte aligned, not initialised.
  float* take(int64_t numbers) {
    float* first = lines_[used_].numbers;
    used_ += (static_cast<size_t>(numbers) + kPerLine - 1) / kPerLine;
    return first;
  }

 private:
  static constexpr size_t kPerLine = 16;
  struct alignas(64) Line {
    float numbers[kPerLine];
  };
  std::vector<Line> lines_;
  size_t used_ = 0;
};

}  // namespace cv::mixmim
