#include "model_io/files/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "files/mapped_file.hpp"
#include "files/safetensors_header.hpp"
#include "files/text.hpp"
#include "model_io/files/atomic_file.hpp"
#include "model_io/files/hash.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kLengthBytes = 8;

/// The header's text; everything behind it is data.
std::string_view headerOf(std::string_view file, const std::string& where) {
  if (file.size() < kLengthBytes) throw Error(where, "is too short to be a safetensors file");
  uint64_t size = 0;
  for (size_t i = kLengthBytes; i-- > 0;) size = size << 8 | static_cast<unsigned char>(file[i]);
  const uint64_t most = std::min<uint64_t>(kLargestHeader, file.size() - kLengthBytes);
  if (size > most)
    throw Error(where, fmt::format("expected a header of at most {} bytes, got {}", most, size),
                "this is not a safetensors file, or it is cut off");
  return file.substr(kLengthBytes, size);
}

/// Checks a whole file and gives every tensor's entry and verified bytes to `visit`, in the order of the
/// data.
template <class Visit>
SafetensorsHeader visitTensors(std::string_view file, const std::string& where, Visit visit) {
  const std::string_view text = headerOf(file, where), data = file.substr(kLengthBytes + text.size());
  SafetensorsHeader header = parseHeader(text, data.size(), where);
  for (const TensorEntry& entry : header.entries) {
    const std::string_view bytes = data.substr(entry.begin, entry.end - entry.begin);
    const auto hash = header.hashes.find(entry.name);
    if (hash != header.hashes.end() && hash->second != hashOf(bytes.data(), bytes.size()))
      throw Error(where, fmt::format("tensor {} is damaged: its content does not match its hash",
                                     inQuotes(entry.name)));
    visit(entry, bytes);
  }
  return header;
}

/// A header for the tensors in the order of the file.
SafetensorsHeader layOut(const std::string& path, const TensorMap& tensors, const Metadata& metadata) {
  SafetensorsHeader header{{}, {}, metadata};
  for (const auto& [key, value] : metadata)
    if (key.compare(0, kHashPrefix.size(), kHashPrefix) == 0)
      throw Error(path, fmt::format("metadata {} has a reserved name", inQuotes(key)));
  for (const auto& [name, tensor] : tensors) {
    const auto bytes = static_cast<size_t>(tensor.elements()) * sizeOf(tensor.dtype);
    if (tensor.bytes.total() != bytes)
      throw Error(path, fmt::format("tensor {}: expected {} bytes for its shape, got {}", inQuotes(name),
                                    bytes, tensor.bytes.total()));
    if (name == kMetadataName)
      throw Error(path, fmt::format("tensor {} has a reserved name", inQuotes(name)));
    header.entries.push_back({name, tensor.dtype, tensor.shape, 0, 0});
    header.hashes.emplace(name, hashOf(tensor.bytes.data, bytes));
  }
  // Widest types first: then every tensor is aligned to its type.
  const auto earlier = [](const TensorEntry& a, const TensorEntry& b) {
    return std::make_tuple(sizeOf(b.dtype), a.name) < std::make_tuple(sizeOf(a.dtype), b.name);
  };
  std::sort(header.entries.begin(), header.entries.end(), earlier);
  uint64_t next = 0;
  for (TensorEntry& entry : header.entries) {
    entry.begin = next;
    next = entry.end = next + tensors.at(entry.name).bytes.total();
  }
  return header;
}

}  // namespace

TensorMap parseSafetensors(std::string_view bytes, const std::string& where, Metadata* metadata) {
  TensorMap tensors;
  SafetensorsHeader header =
      visitTensors(bytes, where, [&](const TensorEntry& entry, std::string_view content) {
        Tensor tensor{entry.dtype, entry.shape, cv::Mat(1, static_cast<int>(content.size()), CV_8U)};
        if (!content.empty()) std::memcpy(tensor.bytes.data, content.data(), content.size());
        tensors.emplace(entry.name, std::move(tensor));
      });
  if (metadata) *metadata = std::move(header.metadata);
  return tensors;
}

TensorMap readSafetensors(const std::string& path, Metadata* metadata) {
  return parseSafetensors(MappedFile(path).bytes(), path, metadata);
}

void verifySafetensors(const std::string& path) {
  visitTensors(MappedFile(path).bytes(), path, [](const TensorEntry&, std::string_view) {});
}

std::string safetensorsIdentity(const std::string& path) {
  const MappedFile file(path);
  const std::string_view text = headerOf(file.bytes(), path);
  return hashOf(text.data(), text.size());
}

void writeSafetensors(const std::string& path, const TensorMap& tensors, const Metadata& metadata) {
  const SafetensorsHeader header = layOut(path, tensors, metadata);
  const std::string text = headerText(header);
  char length[kLengthBytes];
  for (size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  AtomicFile file(path);
  file.write(length, kLengthBytes);
  file.write(text);
  for (const TensorEntry& entry : header.entries)
    file.write(tensors.at(entry.name).bytes.data, entry.end - entry.begin);
  file.commit();
}

}  // namespace cv::mixmim
