// JSON from files and plugins, and JSON that can be read back.
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

/// The value as JSON that parseJson takes back. Numbers stand as people write them (0.5, 6, 0.0001), in the
/// fewest digits that give the same number again, with an exponent only below 1e-5 and from 1e15; infinity
/// and NaN, which JSON lacks, are null. Texts and keys pass through asUtf8.
CV_EXPORTS std::string jsonText(const boost::json::value& value);

/// Whether the bytes are UTF-8, which JSON must be and names of files need not be.
CV_EXPORTS bool isUtf8(std::string_view text);

/// The text with every byte that is no part of UTF-8 written out as \xE4, as a shell's $'...' takes it.
CV_EXPORTS std::string asUtf8(std::string_view text);

}  // namespace cv::mixmim
