#include "safetensors_header.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;

DType dtypeOf(const std::string& name, const std::string& where) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i)
    if (name == nameOf(static_cast<DType>(i))) return static_cast<DType>(i);
  throw Error(where, fmt::format("has the unknown element type '{}'", name));
}

/// An array of non-negative integers.
std::vector<uint64_t> numbersOf(const json::value* value, const std::string& where, const char* what) {
  std::vector<uint64_t> numbers;
  if (value && value->is_array())
    for (const json::value& item : value->get_array()) {
      boost::system::error_code error;
      numbers.push_back(item.to_number<uint64_t>(error));
      if (error) throw Error(where, fmt::format("{} must hold whole numbers from 0", what));
    }
  else
    throw Error(where, fmt::format("expected an array {}", what));
  return numbers;
}

/// Bytes of a tensor; overflow counts as too large.
uint64_t bytesOf(const std::vector<uint64_t>& shape, DType dtype) {
  constexpr uint64_t kMost = std::numeric_limits<int>::max();  // what one cv::Mat row can hold
  uint64_t bytes = sizeOf(dtype);
  for (const uint64_t side : shape) {
    if (side != 0 && bytes > kMost / side) return std::numeric_limits<uint64_t>::max();
    bytes *= side;
  }
  return bytes;
}

TensorEntry entryOf(const std::string& name, const json::value& value, const std::string& where) {
  constexpr size_t kMostDimensions = 16;
  const std::string here = fmt::format("{}: tensor {}", where, name);
  if (!value.is_object()) throw Error(here, "expected an object");
  const json::object& object = value.get_object();
  const json::value* dtype = object.if_contains("dtype");
  if (!dtype || !dtype->is_string()) throw Error(here, "expected an element type");
  TensorEntry entry{name, dtypeOf(std::string(dtype->get_string()), here), {}, 0, 0};
  const std::vector<uint64_t> shape = numbersOf(object.if_contains("shape"), here, "shape");
  const std::vector<uint64_t> offsets = numbersOf(object.if_contains("data_offsets"), here, "data_offsets");
  if (shape.size() > kMostDimensions) throw Error(here, fmt::format("has {} dimensions", shape.size()));
  const uint64_t bytes = bytesOf(shape, entry.dtype);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] - offsets[0] != bytes)
    throw Error(here, "its place in the file does not fit its shape");
  entry.shape.assign(shape.begin(), shape.end());
  entry.begin = offsets[0];
  entry.end = offsets[1];
  return entry;
}

void checkCoverage(const std::vector<TensorEntry>& entries, uint64_t dataBytes, const std::string& where) {
  uint64_t next = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != next)
      throw Error(where,
                  fmt::format("tensor {} begins at byte {}, expected {}", entry.name, entry.begin, next),
                  "the file is damaged");
    next = entry.end;
  }
  if (next != dataBytes)
    throw Error(where, fmt::format("expected {} bytes of tensors, got {}", next, dataBytes),
                "the file is cut off or damaged");
}

Metadata metadataOf(const json::value& value, const std::string& where) {
  Metadata metadata;
  if (!value.is_object()) throw Error(where, "__metadata__: expected an object");
  for (const auto& item : value.get_object()) {
    if (!item.value().is_string()) throw Error(where, "__metadata__: expected strings");
    metadata.emplace(item.key(), item.value().get_string());
  }
  return metadata;
}

}  // namespace

SafetensorsHeader parseHeader(std::string_view text, uint64_t dataBytes, const std::string& where) {
  const json::value root = parseJson(text, where);
  if (!root.is_object()) throw Error(where, "expected a JSON object at the beginning");
  SafetensorsHeader header;
  for (const auto& item : root.get_object()) {
    if (item.key() == "__metadata__")
      header.metadata = metadataOf(item.value(), where);
    else
      header.entries.push_back(entryOf(std::string(item.key()), item.value(), where));
  }
  const auto earlier = [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  };
  std::sort(header.entries.begin(), header.entries.end(), earlier);
  checkCoverage(header.entries, dataBytes, where);
  return header;
}

std::string headerText(const SafetensorsHeader& header) {
  json::object root;
  if (!header.metadata.empty()) root["__metadata__"] = json::value_from(header.metadata);
  for (const TensorEntry& entry : header.entries)
    root[entry.name] = {{"dtype", nameOf(entry.dtype)},
                        {"shape", json::value_from(entry.shape)},
                        {"data_offsets", json::array{entry.begin, entry.end}}};
  std::string text = json::serialize(root);
  constexpr size_t kAlignment = 8;
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  return text;
}

}  // namespace cv::mixmim
