#pragma once

#include <boost/json/value.hpp>
#include <cmath>

namespace cv::mixmim {

/// JSON has neither infinity nor NaN.
inline boost::json::value finiteOrNull(double number) {
  return std::isfinite(number) ? boost::json::value(number) : boost::json::value(nullptr);
}

}  // namespace cv::mixmim
