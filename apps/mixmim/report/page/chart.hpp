// Curves as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "report/records/curve.hpp"

namespace cv::mixmim::report {

struct Series {
  std::string name;  ///< for the legend, as plain text
  const Curve* curve;
  int colour = 0;       ///< which of the page's colours, 0 to 7
  bool dashed = false;  ///< tells a second quantity of the same run apart
};

struct ChartOptions {
  std::string title, unit;  ///< HTML
  double factor = 1;        ///< of the values: 100 for percent
  bool mayBeSteep = false;  ///< powers of ten where a peak would flatten the rest; for positive numbers
};

/// A figure: title with unit, axes over steps, one line per series that is not empty, and a legend where
/// there are several. The values at a place appear when the pointer rests there. "" where there is nothing to
/// draw.
std::string chart(const ChartOptions& options, std::vector<Series> series);

}  // namespace cv::mixmim::report
