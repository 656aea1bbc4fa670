#include "model_io/files/hash.hpp"

#include <xxhash.h>

#include <fmt/format.h>

namespace cv::mixmim {

std::string hashOf(const void* data, size_t size) {
  return fmt::format("{:016x}", XXH3_64bits(data, size));
}

}  // namespace cv::mixmim
