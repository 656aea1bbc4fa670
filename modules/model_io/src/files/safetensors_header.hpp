// The JSON header of a safetensors file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model_io/files/safetensors.hpp"

namespace cv::mixmim {

struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< bytes, from the start of the data
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;           ///< in the order of the data
  std::map<std::string, std::string> hashes;  ///< tensor -> hash, where the file says one
  Metadata metadata;                          ///< all other strings
};

/// Bytes of the JSON text at most, as the format prescribes.
inline constexpr uint64_t kLargestHeader = 100'000'000;

/// The entry of the metadata that holds every string of the file, and the beginning of the keys that hold
/// hashes.
inline constexpr std::string_view kMetadataName = "__metadata__", kHashPrefix = "xxh3.";

/// Parses and checks: no name twice, known types, sizes that fit the shapes, data covered from 0 to
/// `dataBytes` without holes or overlaps, hashes only of tensors that are there. Throws Error.
SafetensorsHeader parseHeader(std::string_view json, uint64_t dataBytes, const std::string& where);

/// The text for tensors laid out one behind the other in this order, padded to 8 bytes.
std::string headerText(const SafetensorsHeader& header);

}  // namespace cv::mixmim
