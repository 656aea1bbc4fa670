// Base64 (RFC 4648), for bytes inside text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

std::string toBase64(const uint8_t* bytes, size_t size);

/// Nothing for text that toBase64 would not have written.
std::optional<std::vector<uint8_t>> fromBase64(std::string_view text);

}  // namespace cv::mixmim
