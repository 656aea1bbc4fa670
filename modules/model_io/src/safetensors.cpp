#include "model_io/safetensors.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "model_io/atomic_file.hpp"
#include "opencv2/mixmim/error.hpp"
#include "safetensors_header.hpp"

namespace cv::mixmim {

namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr const char* kHashPrefix = "xxh3.";

std::string hashOf(const void* data, size_t size) {
  return fmt::format("{:016x}", XXH3_64bits(data, size));
}
std::string hashOf(const cv::Mat& bytes) {
  return hashOf(bytes.data, bytes.total());
}

/// Copies `size` bytes at `offset` of the file to `target`.
using ReadAt = std::function<void(uint64_t offset, void* target, uint64_t size)>;

class InputFile {
 public:
  explicit InputFile(const std::string& path) : path_(path), stream_(path, std::ios::binary | std::ios::ate) {
    const std::streamoff size = stream_ ? static_cast<std::streamoff>(stream_.tellg()) : -1;
    if (size < 0) throw Error(path, "cannot be read");
    size_ = static_cast<uint64_t>(size);
  }
  uint64_t size() const { return size_; }
  ReadAt readAt() {
    return [this](uint64_t offset, void* target, uint64_t size) {
      stream_.seekg(static_cast<std::streamoff>(offset));
      stream_.read(static_cast<char*>(target), static_cast<std::streamsize>(size));
      if (!stream_) throw Error(path_, fmt::format("cannot be read at byte {}", offset));
    };
  }

 private:
  std::string path_;
  std::ifstream stream_;
  uint64_t size_ = 0;
};

uint64_t headerSize(const ReadAt& readAt, uint64_t fileBytes, const std::string& where) {
  if (fileBytes < kLengthBytes) throw Error(where, "is too short to be a safetensors file");
  unsigned char little[kLengthBytes];
  readAt(0, little, kLengthBytes);
  uint64_t size = 0;
  for (size_t i = kLengthBytes; i-- > 0;) size = size << 8 | little[i];
  if (size > kLargestHeader || size > fileBytes - kLengthBytes)
    throw Error(where,
                fmt::format("expected a header of at most {} bytes, got {}",
                            std::min(kLargestHeader, fileBytes - kLengthBytes), size),
                "this is not a safetensors file, or it is cut off");
  return size;
}

std::string readHeader(const ReadAt& readAt, uint64_t fileBytes, const std::string& where) {
  std::string text(headerSize(readAt, fileBytes, where), '\0');
  readAt(kLengthBytes, text.data(), text.size());
  return text;
}

TensorMap read(const ReadAt& readAt, uint64_t fileBytes, const std::string& where, Metadata* metadata) {
  const std::string text = readHeader(readAt, fileBytes, where);
  const uint64_t dataBegin = kLengthBytes + text.size();
  const SafetensorsHeader header = parseHeader(text, fileBytes - dataBegin, where);
  TensorMap tensors;
  for (const TensorEntry& entry : header.entries) {
    Tensor tensor = Tensor::zeros(entry.shape, entry.dtype);
    readAt(dataBegin + entry.begin, tensor.bytes.data, entry.end - entry.begin);
    const auto hash = header.metadata.find(kHashPrefix + entry.name);
    if (hash != header.metadata.end() && hash->second != hashOf(tensor.bytes))
      throw Error(where,
                  fmt::format("tensor {} is damaged: its content does not match its hash", entry.name));
    tensors.emplace(entry.name, std::move(tensor));
  }
  if (metadata) *metadata = header.metadata;
  return tensors;
}

}  // namespace

TensorMap readSafetensors(const std::string& path, Metadata* metadata) {
  InputFile file(path);
  return read(file.readAt(), file.size(), path, metadata);
}

std::string safetensorsIdentity(const std::string& path) {
  InputFile file(path);
  const std::string text = readHeader(file.readAt(), file.size(), path);
  return hashOf(text.data(), text.size());
}

TensorMap parseSafetensors(std::string_view bytes, const std::string& where, Metadata* metadata) {
  const ReadAt readAt = [&](uint64_t offset, void* target, uint64_t size) {
    if (size > 0) std::memcpy(target, bytes.data() + offset, size);
  };
  return read(readAt, bytes.size(), where, metadata);
}

void writeSafetensors(const std::string& path, const TensorMap& tensors, const Metadata& metadata) {
  SafetensorsHeader header{{}, metadata};
  for (const auto& [name, tensor] : tensors) {
    header.entries.push_back({name, tensor.dtype, tensor.shape, 0, 0});
    header.metadata[kHashPrefix + name] = hashOf(tensor.bytes);
  }
  const auto wider = [](const TensorEntry& a,
                        const TensorEntry& b) {  // so that every tensor is aligned to its type
    return std::make_tuple(sizeOf(b.dtype), a.name) < std::make_tuple(sizeOf(a.dtype), b.name);
  };
  std::sort(header.entries.begin(), header.entries.end(), wider);
  uint64_t next = 0;
  for (TensorEntry& entry : header.entries) {
    entry.begin = next;
    next = entry.end = next + tensors.at(entry.name).bytes.total();
  }
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
