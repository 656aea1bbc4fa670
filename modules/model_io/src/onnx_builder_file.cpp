// The second half of OnnxBuilder: from collected fields to a file.
// [beginning] [graph: nodes, name, initializers, inputs, outputs] [ending], in the order of the field
// numbers, as protobuf itself would write them.
#include <xxhash.h>

#include <memory>

#include <fmt/format.h>

#include "model_io/onnx_builder.hpp"
#include "onnx_fields.hpp"
#include "opencv2/mixmim/error.hpp"
#include "protobuf.hpp"

namespace cv::mixmim {

namespace {

/// Bytes of a length-delimited field of that content.
uint64_t fieldSize(int field, uint64_t contentSize) {
  ProtobufWriter header;
  header.header(field, contentSize);
  return header.buffer().size() + contentSize;
}

void put(const OnnxBuilder::Sink& sink, const std::string& text) {
  sink(text.data(), text.size());
}

}  // namespace

uint64_t OnnxBuilder::Initializer::byteSize() const {
  return head.size() + fieldSize(onnx::tensor::kRawData, bytes.total());
}

std::string OnnxBuilder::beginning(uint64_t graphSize) const {
  ProtobufWriter model;
  model.number(onnx::model::kIrVersion, kIrVersion);
  model.text(onnx::model::kProducerName, "MixMIM for OpenCV");
  model.text(onnx::model::kProducerVersion, MIXMIM_VERSION);
  if (!description_.empty()) model.text(onnx::model::kDescription, description_);
  model.header(onnx::model::kGraph, graphSize);
  return model.buffer();
}

uint64_t OnnxBuilder::graphSize() const {
  uint64_t size = nodes_.size() + fieldSize(onnx::graph::kName, graphName_.size());
  for (const Initializer& initializer : initializers_)
    size += fieldSize(onnx::graph::kInitializer, initializer.byteSize());
  return size + inputs_.size() + outputs_.size();
}

std::string OnnxBuilder::ending() const {
  ProtobufWriter opset, model;
  opset.text(onnx::opset::kDomain, "");
  opset.number(onnx::opset::kVersion, kOpset);
  model.message(onnx::model::kOpsetImport, opset);
  return model.buffer() + metadata_;
}

int64_t OnnxBuilder::byteSize() const {
  const uint64_t graph = graphSize();
  return static_cast<int64_t>(beginning(graph).size() + graph + ending().size());
}

void OnnxBuilder::writeGraph(const Sink& sink) const {
  ProtobufWriter name;
  name.text(onnx::graph::kName, graphName_);
  put(sink, nodes_ + name.buffer());
  for (const Initializer& initializer : initializers_) {
    ProtobufWriter message, numbers;
    message.header(onnx::graph::kInitializer, initializer.byteSize());
    numbers.header(onnx::tensor::kRawData, initializer.bytes.total());
    put(sink, message.buffer() + initializer.head + numbers.buffer());
    sink(initializer.bytes.data, initializer.bytes.total());
  }
  put(sink, inputs_ + outputs_);
}

std::string OnnxBuilder::graphHash() const {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  writeGraph([&](const void* data, size_t size) { XXH3_64bits_update(state.get(), data, size); });
  return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
}

void OnnxBuilder::write(const Sink& sink) const {
  if (byteSize() > kLargestFile)
    throw Error("onnx", fmt::format("expected a file of at most {} bytes, got {}", kLargestFile, byteSize()),
                "use a smaller model");
  put(sink, beginning(graphSize()));
  writeGraph(sink);
  put(sink, ending());
}

}  // namespace cv::mixmim
