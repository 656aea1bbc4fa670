// JSON from files and plugins.
#pragma once

#include <string>
#include <string_view>

#include <opencv2/core/cvdef.h>
#include <boost/json/value.hpp>

namespace cv::mixmim {

/// Parses one JSON value that may be hostile: nesting is bounded, memory stays proportional to the text, and
/// every number with a fraction or exponent becomes the nearest double, because Boost's own parser is off by
/// one unit in the last place for about every eighth number of 17 digits, which would change a learning rate
/// from save to load. Throws Error "<where>: not JSON at byte N: <reason>".
CV_EXPORTS boost::json::value parseJson(std::string_view text, const std::string& where);

}  // namespace cv::mixmim
