#include "model_io/onnx/file.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "files/mapped_file.hpp"
#include "files/protobuf.hpp"
#include "files/text.hpp"
#include "model_io/files/file_format.hpp"
#include "model_io/files/hash.hpp"
#include "onnx/fields.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

// More than any network of ours, and few enough to be kept.
constexpr size_t kMostOperatorTypes = 256, kMostGraphValues = 256, kMostDimensions = 16;

size_t floatSize(uint64_t dataType) {
  switch (dataType) {
    case onnx::tensor::kTypeFloat:
      return 4;
    case onnx::tensor::kTypeFloat16:
      return 2;
    default:
      return 0;
  }
}

void readInitializer(ProtobufReader tensor, OnnxFile& file) {
  uint64_t dataType = 0, bytes = 0;
  while (tensor.next()) {
    if (tensor.is(onnx::tensor::kDataType, WireType::kVarint)) dataType = tensor.number();
    if (tensor.is(onnx::tensor::kRawData, WireType::kBytes)) bytes = tensor.text().size();
  }
  if (const size_t size = floatSize(dataType)) {
    file.parameters += static_cast<int64_t>(bytes / size);
    file.parameterBytes += static_cast<int64_t>(bytes);
    if (dataType == onnx::tensor::kTypeFloat16) file.halfParameters += static_cast<int64_t>(bytes / size);
  }
}

void readNode(ProtobufReader node, OnnxFile& file, const std::string& where) {
  std::string_view type;
  while (node.next())
    if (node.is(onnx::node::kOperator, WireType::kBytes)) type = node.text();
  ++file.nodes;
  ++file.operators[std::string(type)];
  if (file.operators.size() > kMostOperatorTypes)
    throw Error(where, fmt::format("expected at most {} types of operators, got more", kMostOperatorTypes));
}

void readShape(ProtobufReader shape, OnnxValue& value, const std::string& where) {
  while (shape.next()) {
    if (!shape.is(onnx::value::kDimension, WireType::kBytes)) continue;
    if (value.shape.size() == kMostDimensions)
      throw Error(where, fmt::format("{}: expected at most {} dimensions, got more", inQuotes(value.name),
                                     kMostDimensions));
    std::string size = "?";
    for (ProtobufReader dimension = shape.message(); dimension.next();) {
      if (dimension.is(onnx::value::kSize, WireType::kVarint))
        size = std::to_string(static_cast<int64_t>(dimension.number()));
      if (dimension.is(onnx::value::kSymbol, WireType::kBytes)) size = dimension.text();
    }
    value.shape.push_back(std::move(size));
  }
}

void readValue(ProtobufReader info, std::vector<OnnxValue>& values, const std::string& where) {
  if (values.size() == kMostGraphValues)
    throw Error(where,
                fmt::format("expected at most {} inputs and outputs each, got more", kMostGraphValues));
  OnnxValue& value = values.emplace_back();
  while (info.next()) {
    if (info.is(onnx::value::kName, WireType::kBytes)) value.name = info.text();
    if (!info.is(onnx::value::kType, WireType::kBytes)) continue;
    for (ProtobufReader type = info.message(); type.next();) {
      if (!type.is(onnx::value::kTensorType, WireType::kBytes)) continue;
      for (ProtobufReader tensor = type.message(); tensor.next();)
        if (tensor.is(onnx::value::kShape, WireType::kBytes)) readShape(tensor.message(), value, where);
    }
  }
}

void readGraph(ProtobufReader graph, OnnxFile& file, const std::string& where) {
  while (graph.next()) {
    if (graph.is(onnx::graph::kNode, WireType::kBytes)) readNode(graph.message(), file, where);
    if (graph.is(onnx::graph::kInput, WireType::kBytes)) readValue(graph.message(), file.inputs, where);
    if (graph.is(onnx::graph::kOutput, WireType::kBytes)) readValue(graph.message(), file.outputs, where);
    if (graph.is(onnx::graph::kInitializer, WireType::kBytes)) readInitializer(graph.message(), file);
  }
}

void readOpset(ProtobufReader opset, OnnxFile& file) {
  std::string_view domain;
  uint64_t version = 0;
  while (opset.next()) {
    if (opset.is(onnx::opset::kDomain, WireType::kBytes)) domain = opset.text();
    if (opset.is(onnx::opset::kVersion, WireType::kVarint)) version = opset.number();
  }
  if (domain.empty()) file.opset = static_cast<int64_t>(version);
}

void readMetadata(ProtobufReader entry, OnnxFile& file, const std::string& where) {
  std::string key, value;
  while (entry.next()) {
    if (entry.is(onnx::entry::kKey, WireType::kBytes)) key = entry.text();
    if (entry.is(onnx::entry::kValue, WireType::kBytes)) value = entry.text();
  }
  if (!file.metadata.emplace(key, std::move(value)).second)
    throw Error(where, fmt::format("metadata \"{}\" appears twice, expected once", key),
                "export the file anew");
}

/// Throws Error for files and folders that hold weights, which people take for models, with the command that
/// makes a model of them.
void refuseWeights(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;  // what cannot be looked at is not there
  const bool checkpoint = fs::exists(fs::path(path) / "state.json", ignored) ||
                          fs::exists(fs::path(path) / "checkpoints", ignored);
  const FileFormat format = formatOf(path);
  if (checkpoint || format == FileFormat::kPth || format == FileFormat::kSafetensors ||
      format == FileFormat::kShardIndex)
    throw Error(path, "is a checkpoint, not a deployed model",
                fmt::format("mixmim export --init {} --out model.onnx makes the file for predict", path));
}

}  // namespace

OnnxFile readOnnxFile(const std::string& path) {
  refuseWeights(path);
  return parseOnnx(MappedFile(path).bytes(), path);
}

OnnxFile parseOnnx(std::string_view bytes, const std::string& where) {
  // Every known writer puts the first field first; other formats begin with other bytes.
  constexpr char kIrVersionTag = onnx::model::kIrVersion << 3 | static_cast<int>(WireType::kVarint);
  if (bytes.empty() || bytes.front() != kIrVersionTag)
    throw Error(where,
                fmt::format("not an ONNX file, expected it to begin with byte 0x08, got {}",
                            bytes.empty() ? "an empty file"
                                          : fmt::format("0x{:02x}", static_cast<uint8_t>(bytes.front()))));
  OnnxFile file;
  file.bytes = static_cast<int64_t>(bytes.size());
  for (ProtobufReader reader(bytes, where); reader.next();) {
    if (reader.is(onnx::model::kIrVersion, WireType::kVarint))
      file.irVersion = static_cast<int64_t>(reader.number());
    if (reader.is(onnx::model::kProducerName, WireType::kBytes)) file.producer = reader.text();
    if (reader.is(onnx::model::kProducerVersion, WireType::kBytes)) file.producerVersion = reader.text();
    if (reader.is(onnx::model::kOpsetImport, WireType::kBytes)) readOpset(reader.message(), file);
    if (reader.is(onnx::model::kMetadata, WireType::kBytes)) readMetadata(reader.message(), file, where);
    if (reader.is(onnx::model::kGraph, WireType::kBytes)) {
      if (!file.graphHash.empty()) throw Error(where, "expected one graph, got two", "export the file anew");
      readGraph(reader.message(), file, where);
      file.graphHash = hashOf(reader.text().data(), reader.text().size());
    }
  }
  if (file.graphHash.empty()) throw Error(where, "not an ONNX file, expected a graph, got none");
  return file;
}

}  // namespace cv::mixmim
