// metrics.jsonl as curves.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <string>

#include "report/records/curve.hpp"

namespace cv::mixmim::report {

struct Metrics {
  std::map<std::string, Curve> curves;  ///< over steps: "loss", "lr", "val_top1", ...; not empty
  double step = 0, epoch = 0;           ///< of the last line
  int64_t lines = 0;                    ///< read; those below not counted
  int64_t damaged = 0;                  ///< not an object with a step: cut off, for example
  int64_t tooLong = 0;
  int64_t outOfRange = 0;  ///< numbers too large to draw, left out

  /// Null where the run has no such curve.
  const Curve* curve(const std::string& name) const;
};

/// Reads in constant memory. Keys that are not known are passed over, and so is null, which stands for
/// infinity and NaN.
Metrics readMetrics(std::istream& file);

}  // namespace cv::mixmim::report
