#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace cv::mixmim {

/// FNV-1a over 64 bits of the names, sizes and labels of a data set: tells data sets apart, no defence
/// against forgery.
class Fingerprint {
 public:
  void add(const std::string& name, int64_t bytes, int32_t label) {
    add(name.c_str(), name.size() + 1);
    add(&bytes, sizeof bytes);
    add(&label, sizeof label);
  }
  /// The labels of a picture that may have several.
  void add(const std::vector<int32_t>& labels) { add(labels.data(), labels.size() * sizeof(int32_t)); }
  std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  void add(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < size; ++i) hash_ = (hash_ ^ bytes[i]) * 0x100000001b3u;
  }

  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace cv::mixmim
