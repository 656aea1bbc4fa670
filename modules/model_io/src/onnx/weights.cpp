#include "model_io/onnx/weights.hpp"

#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "files/foreign_numbers.hpp"
#include "files/mapped_file.hpp"
#include "files/protobuf.hpp"
#include "files/text.hpp"
#include "onnx/fields.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

// The largest model has 400 constants of at most 3 dimensions.
constexpr size_t kMostConstants = 65536, kHighestRank = 8;
constexpr uint64_t kMostBytes = std::numeric_limits<int>::max();  // of a Tensor

/// One initializer as it stands in the file.
struct Constant {
  std::string_view name, bytes;
  uint64_t dataType = 0;
  std::vector<int64_t> shape;
};

class Reader {
 public:
  explicit Reader(const std::string& where) : where_(where) {}

  void readGraph(ProtobufReader graph) {
    while (graph.next())
      if (graph.is(onnx::graph::kInitializer, WireType::kBytes)) add(constantOf(graph.message()));
  }

  TensorMap tensors() { return std::move(tensors_); }

 private:
  Constant constantOf(ProtobufReader message) const {
    Constant constant;
    while (message.next()) {
      if (message.is(onnx::tensor::kDims, WireType::kVarint)) {
        constant.shape.push_back(static_cast<int64_t>(message.number()));
        if (constant.shape.size() > kHighestRank)
          fail(constant, fmt::format("expected at most {} dimensions, got more", kHighestRank));
      }
      if (message.is(onnx::tensor::kDataType, WireType::kVarint)) constant.dataType = message.number();
      if (message.is(onnx::tensor::kName, WireType::kBytes)) constant.name = message.text();
      if (message.is(onnx::tensor::kRawData, WireType::kBytes)) constant.bytes = message.text();
    }
    return constant;
  }

  void add(const Constant& constant) {
    const bool half = constant.dataType == onnx::tensor::kTypeFloat16;
    if (!half && constant.dataType != onnx::tensor::kTypeFloat) return;
    if (tensors_.size() == kMostConstants)
      throw Error(where_, fmt::format("expected at most {} constants, got more", kMostConstants));
    const DType dtype = half ? DType::kF16 : DType::kF32;
    checkSize(constant, dtype);
    Tensor tensor = toFloat({dtype, constant.shape, alignedBytes(constant.bytes, sizeOf(dtype))});
    if (!tensors_.emplace(constant.name, std::move(tensor)).second)
      fail(constant, "appears twice, expected once");
  }

  /// The shape's product must be the number of bytes, and must fit as float32.
  void checkSize(const Constant& constant, DType dtype) const {
    uint64_t elements = 1;
    for (int64_t side : constant.shape) {
      if (side < 1) fail(constant, fmt::format("expected dimensions of at least 1, got {}", side));
      if (static_cast<uint64_t>(side) > kMostBytes / sizeof(float) / elements)
        fail(constant, fmt::format("expected at most {} numbers, got {}", kMostBytes / sizeof(float),
                                   fmt::join(constant.shape, " x ")));
      elements *= static_cast<uint64_t>(side);
    }
    if (constant.bytes.size() != elements * sizeOf(dtype))
      fail(constant, fmt::format("expected {} raw bytes for {} numbers of type {}, got {}",
                                 elements * sizeOf(dtype), elements, nameOf(dtype), constant.bytes.size()));
  }

  /// The bytes where they are, or a copy where a number would not be aligned.
  static cv::Mat alignedBytes(std::string_view bytes, size_t alignment) {
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    return reinterpret_cast<uintptr_t>(bytes.data()) % alignment == 0 ? view : view.clone();
  }

  [[noreturn]] void fail(const Constant& constant, const std::string& what) const {
    throw Error(fmt::format("{}: constant {}", where_, inQuotes(constant.name)), what,
                "copy the file again or export it anew");
  }

  const std::string& where_;
  TensorMap tensors_;
};

}  // namespace

OnnxWeights readOnnxWeights(const std::string& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return {parseOnnxWeights(file->bytes(), path), file};
}

TensorMap parseOnnxWeights(std::string_view bytes, const std::string& where) {
  Reader reader(where);
  for (ProtobufReader model(bytes, where); model.next();)
    if (model.is(onnx::model::kGraph, WireType::kBytes)) reader.readGraph(model.message());
  return reader.tensors();
}

}  // namespace cv::mixmim
