// The safetensors format: a JSON header, then raw little-endian tensors. Nothing in a file is ever executed.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "opencv2/mixmim/tensor.hpp"

namespace cv::mixmim {

/// Strings that travel with the tensors (the header's "__metadata__").
using Metadata = std::map<std::string, std::string>;

/// Reads a file that may be hostile: every size is checked against the file before memory is taken. Files of
/// this project carry an XXH3 hash per tensor ("xxh3.<name>" in the metadata), which is verified; other files
/// need none. Throws Error naming the file, and the tensor where one is damaged.
TensorMap readSafetensors(const std::string& path, Metadata* metadata = nullptr);

/// The same for a file in memory; `where` names it in messages.
TensorMap parseSafetensors(std::string_view bytes, const std::string& where, Metadata* metadata = nullptr);

/// Identity of a file written by writeSafetensors: a hash of its header, which holds the hash of every
/// tensor.
std::string safetensorsIdentity(const std::string& path);

/// Writes atomically (AtomicFile), tensors ordered by alignment and name, with their hashes.
void writeSafetensors(const std::string& path, const TensorMap& tensors, const Metadata& metadata = {});

}  // namespace cv::mixmim
