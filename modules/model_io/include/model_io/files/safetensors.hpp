// The safetensors format: a JSON header, then raw little-endian tensors. Nothing in a file is ever executed.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// Strings that travel with the tensors (the header's "__metadata__").
using Metadata = std::map<std::string, std::string>;

/// Reads a file that may be hostile. Before any tensor takes memory, the header (at most 100 MB) is checked:
/// no name twice, known element types, every size equal to the place it claims, data covered from the first
/// byte to the last without holes or overlaps. Memory stays proportional to the file. Every tensor owns its
/// bytes.
///
/// Files written by writeSafetensors carry an XXH3 hash per tensor, which is verified; other files need none.
/// `metadata` receives the other strings. Throws Error naming the file, and the tensor where one is damaged
/// or above 2 GiB, the most that a Tensor holds.
TensorMap readSafetensors(const std::string& path, Metadata* metadata = nullptr);

/// The same for a file in memory; `where` names it in messages.
TensorMap parseSafetensors(std::string_view bytes, const std::string& where, Metadata* metadata = nullptr);

/// All checks of readSafetensors, hashes included, in constant memory.
void verifySafetensors(const std::string& path);

/// Identity of a file written by writeSafetensors: a hash of its header, which holds the hash of every
/// tensor.
std::string safetensorsIdentity(const std::string& path);

/// Writes atomically (AtomicFile): tensors ordered by alignment and name, each with its hash as "xxh3.<name>"
/// in the metadata. Same arguments, same bytes. Throws Error for a tensor whose bytes do not fit its shape,
/// for names the format reserves, and for what AtomicFile reports.
void writeSafetensors(const std::string& path, const TensorMap& tensors, const Metadata& metadata = {});

}  // namespace cv::mixmim
