#pragma once

#include <boost/json/value.hpp>
#include <cmath>

namespace cv::mixmim {

/// The number, or null for infinity and NaN, because JSON has neither.
inline boost::json::value finiteOrNull(double number) {
  return std::isfinite(number) ? boost::json::value(number) : boost::json::value(nullptr);
}

}  // namespace cv::mixmim
