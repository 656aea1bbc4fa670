// A hash of bytes that is written into files.
#pragma once

#include <cstddef>
#include <string>

namespace cv::mixmim {

/// XXH3 (64 bits) as 16 hexadecimal digits: finds damage, not forgery.
std::string hashOf(const void* data, size_t size);

}  // namespace cv::mixmim
