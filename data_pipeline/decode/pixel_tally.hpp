#pragma once

#include <algorithm>
#include <array>
#include <functional>

#include "data_pipeline/label_map.hpp"

namespace cv::mixmim {

/// Counts values, in four tables in turn, because a sum waits for the last one of an equal neighbour.
class PixelTally {
 public:
  /// `place`: of the pixel in its row; neighbours have others.
  void add(uint8_t value, size_t place, int64_t times = 1) {
    tables_[place % tables_.size()][value] += times;
  }

  PixelCounts counts() const {
    PixelCounts sum{};
    for (const PixelCounts& table : tables_)
      std::transform(sum.begin(), sum.end(), table.begin(), sum.begin(), std::plus<>());
    return sum;
  }

 private:
  std::array<PixelCounts, 4> tables_{};
};

}  // namespace cv::mixmim
