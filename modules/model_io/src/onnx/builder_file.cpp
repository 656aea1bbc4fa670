// The second half of OnnxBuilder: from collected fields to a file.
// [beginning] [graph: nodes, name, initializers, inputs, outputs] [ending], in the order of the field
// numbers, as protobuf itself would write them. A blank doc_string, the last field of an initializer, moves
// the numbers of the next one to a multiple of 64.
#include <xxhash.h>

#include <memory>

#include <fmt/format.h>

#include "files/protobuf.hpp"
#include "model_io/onnx/builder.hpp"
#include "onnx/fields.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr uint64_t kBlankHeader = 2;  // of a doc_string of less than 128 bytes

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

std::string OnnxBuilder::beginning(uint64_t graphSize) const {
  ProtobufWriter model;
  model.number(onnx::model::kIrVersion, kIrVersion);
  model.text(onnx::model::kProducerName, "MixMIM for OpenCV");
  model.text(onnx::model::kProducerVersion, MIXMIM_VERSION);
  if (!description_.empty()) model.text(onnx::model::kDescription, description_);
  model.header(onnx::model::kGraph, graphSize);
  return model.buffer();
}

/// The places of the parts in the file.
class OnnxBuilder::Layout {
 public:
  explicit Layout(const OnnxBuilder& net) {
    // The largest padding is assumed, because the length of the file's beginning depends on the graph's size,
    // and that on the padding.
    uint64_t most = net.nodes_.size() + net.inputs_.size() + net.outputs_.size() + net.graphName_.size();
    for (const Initializer& initializer : net.initializers_)
      most += plainSize(initializer) + 2 * kAlignment + kLongestHeader;
    const uint64_t start = net.beginning(most).size();
    uint64_t at = start + net.nodes_.size() + fieldSize(onnx::graph::kName, net.graphName_.size());
    for (const Initializer& initializer : net.initializers_) {
      if (!paddings_.empty()) at = closeLast(at, initializer);
      paddings_.push_back(smallestPadding(plainSize(initializer)));
      at += fieldSize(onnx::graph::kInitializer, plainSize(initializer) + paddings_.back());
    }
    graphSize_ = at - start + net.inputs_.size() + net.outputs_.size();
  }

  uint64_t padding(size_t initializer) const { return paddings_[initializer]; }
  uint64_t graphSize() const { return graphSize_; }

  /// Bytes of an initializer without padding.
  static uint64_t plainSize(const Initializer& initializer) {
    return initializer.head.size() + fieldSize(onnx::tensor::kRawData, initializer.bytes.total());
  }

 private:
  static constexpr uint64_t kAlignment = 64, kLongestHeader = 11;

  static uint64_t headerSize(int field, uint64_t contentSize) {
    return fieldSize(field, contentSize) - contentSize;
  }

  /// The smallest padding to which up to 63 bytes can be added while the initializer's header stays as long.
  static uint64_t smallestPadding(uint64_t plainSize) {
    uint64_t padding = kBlankHeader;
    const auto header = [&](uint64_t more) {
      return headerSize(onnx::graph::kInitializer, plainSize + padding + more);
    };
    while (header(0) != header(kAlignment - 1)) ++padding;
    return padding;
  }

  /// Pads the last initializer, which ends at `end`, for the numbers of `next`. Returns its new end.
  uint64_t closeLast(uint64_t end, const Initializer& next) {
    const uint64_t size = plainSize(next) + smallestPadding(plainSize(next));
    const uint64_t numbers = end + headerSize(onnx::graph::kInitializer, size) + next.head.size() +
                             headerSize(onnx::tensor::kRawData, next.bytes.total());
    const uint64_t missing = (kAlignment - numbers % kAlignment) % kAlignment;
    paddings_.back() += missing;
    return end + missing;
  }

  std::vector<uint64_t> paddings_;
  uint64_t graphSize_ = 0;
};

std::string OnnxBuilder::ending() const {
  ProtobufWriter opset, model;
  opset.text(onnx::opset::kDomain, "");
  opset.number(onnx::opset::kVersion, profile_.opset);
  model.message(onnx::model::kOpsetImport, opset);
  return model.buffer() + metadata_;
}

int64_t OnnxBuilder::byteSize() const {
  const uint64_t graph = Layout(*this).graphSize();
  return static_cast<int64_t>(beginning(graph).size() + graph + ending().size());
}

void OnnxBuilder::writeGraph(const Layout& layout, const Sink& sink) const {
  ProtobufWriter name;
  name.text(onnx::graph::kName, graphName_);
  put(sink, nodes_ + name.buffer());
  for (size_t i = 0; i < initializers_.size(); ++i) {
    const Initializer& initializer = initializers_[i];
    ProtobufWriter message, numbers, blank;
    message.header(onnx::graph::kInitializer, Layout::plainSize(initializer) + layout.padding(i));
    numbers.header(onnx::tensor::kRawData, initializer.bytes.total());
    blank.text(onnx::tensor::kDocString, std::string(layout.padding(i) - kBlankHeader, ' '));
    put(sink, message.buffer() + initializer.head + numbers.buffer());
    sink(initializer.bytes.data, initializer.bytes.total());
    put(sink, blank.buffer());
  }
  put(sink, inputs_ + outputs_);
}

std::string OnnxBuilder::graphHash() const {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  writeGraph(Layout(*this),
             [&](const void* data, size_t size) { XXH3_64bits_update(state.get(), data, size); });
  return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
}

void OnnxBuilder::write(const Sink& sink) const {
  if (byteSize() > kLargestFile)
    throw Error("onnx", fmt::format("expected a file of at most {} bytes, got {}", kLargestFile, byteSize()),
                "use a smaller model");
  const Layout layout(*this);
  put(sink, beginning(layout.graphSize()));
  writeGraph(layout, sink);
  put(sink, ending());
}

}  // namespace cv::mixmim
