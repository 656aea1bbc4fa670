#pragma once

#include <xxhash.h>

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace cv::mixmim {

/// XXH3 (64 bits) as 16 hexadecimal digits: finds damage, not forgery.
inline std::string hashOf(const void* data, size_t size) {
  return fmt::format("{:016x}", XXH3_64bits(data, size));
}

}  // namespace cv::mixmim
