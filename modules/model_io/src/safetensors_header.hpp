// The JSON header of a safetensors file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model_io/safetensors.hpp"

namespace cv::mixmim {

struct TensorEntry {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;
  uint64_t begin, end;  ///< bytes, from the start of the data
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;  ///< in the order of the data
  Metadata metadata;
};

/// Bytes of the JSON text at most, as the format prescribes.
inline constexpr uint64_t kLargestHeader = 100'000'000;

/// Parses and checks: known types, sizes that fit the shapes, data covered from 0 to `dataBytes` without
/// holes or overlaps.
SafetensorsHeader parseHeader(std::string_view json, uint64_t dataBytes, const std::string& where);

/// The text for tensors laid out one behind the other in this order, padded to 8 bytes.
std::string headerText(const SafetensorsHeader& header);

}  // namespace cv::mixmim
