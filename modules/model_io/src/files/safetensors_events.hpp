// From the events of a JSON parser to the entries of a safetensors header. A parser that builds values first
// would lose names that appear twice, and would need many times the header's size.
#pragma once

#include <string_view>

#include "files/safetensors_header.hpp"

namespace cv::mixmim {

/// Entries as the text has them, in its order. Checked: nothing but the format's keys, each once; whole
/// numbers that fit int64; known element types. `metadata` holds all strings, hashes included. Throws Error.
SafetensorsHeader readHeaderEvents(std::string_view json, const std::string& where);

}  // namespace cv::mixmim
