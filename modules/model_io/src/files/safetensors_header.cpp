#include "files/safetensors_header.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "files/safetensors_events.hpp"
#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

std::string hereOf(const std::string& where, const TensorEntry& entry) {
  return fmt::format("{}: tensor {}", where, inQuotes(entry.name));
}

/// Bytes of a tensor of that shape.
uint64_t bytesOf(const TensorEntry& entry, const std::string& where) {
  constexpr uint64_t kMost = std::numeric_limits<int>::max();  // what one cv::Mat row can hold
  uint64_t bytes = sizeOf(entry.dtype);
  for (const int64_t side : entry.shape) {
    if (side > 0 && bytes > kMost / static_cast<uint64_t>(side))
      throw Error(hereOf(where, entry), fmt::format("expected at most {} bytes, got more", kMost));
    bytes *= static_cast<uint64_t>(side);
  }
  return bytes;
}

void checkSize(const TensorEntry& entry, const std::string& where) {
  const uint64_t bytes = bytesOf(entry, where);
  if (entry.begin > entry.end || entry.end - entry.begin != bytes)
    throw Error(hereOf(where, entry),
                fmt::format("expected {} bytes for its shape, got data_offsets [{}, {}]", bytes, entry.begin,
                            entry.end));
}

void checkCoverage(const std::vector<TensorEntry>& entries, uint64_t dataBytes, const std::string& where) {
  uint64_t next = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != next)
      throw Error(hereOf(where, entry),
                  fmt::format("expected to begin at byte {}, got {}", next, entry.begin),
                  "tensors follow each other without holes or overlaps");
    next = entry.end;
  }
  if (next != dataBytes)
    throw Error(where, fmt::format("expected {} bytes of tensors, got {}", next, dataBytes),
                "the file is cut off or damaged");
}

/// Moves the hashes out of the metadata.
void separateHashes(SafetensorsHeader& header, const std::string& where) {
  std::set<std::string_view> names;
  for (const TensorEntry& entry : header.entries) names.insert(entry.name);
  for (auto item = header.metadata.begin(); item != header.metadata.end();) {
    if (item->first.compare(0, kHashPrefix.size(), kHashPrefix) != 0) {
      ++item;
      continue;
    }
    const std::string name = item->first.substr(kHashPrefix.size());
    if (names.count(name) == 0)
      throw Error(where, fmt::format("holds the hash of tensor {}, but not the tensor", inQuotes(name)),
                  "the file is damaged");
    header.hashes.emplace(name, std::move(item->second));
    item = header.metadata.erase(item);
  }
}

}  // namespace

SafetensorsHeader parseHeader(std::string_view text, uint64_t dataBytes, const std::string& where) {
  if (text.empty() || text.front() != '{') throw Error(where, "header: expected to begin with {");
  SafetensorsHeader header = readHeaderEvents(text, where);
  for (const TensorEntry& entry : header.entries) checkSize(entry, where);
  const auto earlier = [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  };
  std::sort(header.entries.begin(), header.entries.end(), earlier);
  checkCoverage(header.entries, dataBytes, where);
  separateHashes(header, where);
  return header;
}

std::string headerText(const SafetensorsHeader& header) {
  json::object root, metadata;
  for (const auto& [key, value] : header.metadata) metadata[key] = value;
  for (const auto& [name, hash] : header.hashes) metadata[std::string(kHashPrefix) + name] = hash;
  if (!metadata.empty())
    root[json::string_view(kMetadataName.data(), kMetadataName.size())] = std::move(metadata);
  for (const TensorEntry& entry : header.entries)
    root[entry.name] = {{"dtype", nameOf(entry.dtype)},
                        {"shape", json::array(entry.shape.begin(), entry.shape.end())},
                        {"data_offsets", json::array{entry.begin, entry.end}}};
  std::string text = jsonText(root);
  constexpr size_t kAlignment = 8;
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  return text;
}

}  // namespace cv::mixmim
