#include "model_io/onnx/builder.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "files/protobuf.hpp"
#include "onnx/fields.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

// Attributes of a node, encoded: pass their concatenation to OnnxBuilder::node.
std::string attribute(const std::string& name, int type, const std::function<void(ProtobufWriter&)>& value) {
  ProtobufWriter content, field;
  content.text(onnx::attribute::kName, name);
  value(content);
  content.number(onnx::attribute::kType, type);
  field.message(onnx::node::kAttribute, content);
  return field.buffer();
}

std::string attribute(const std::string& name, int64_t value) {
  return attribute(name, onnx::attribute::kTypeInt,
                   [&](ProtobufWriter& w) { w.number(onnx::attribute::kInt, value); });
}

std::string attribute(const std::string& name, float value) {
  return attribute(name, onnx::attribute::kTypeFloat,
                   [&](ProtobufWriter& w) { w.real(onnx::attribute::kFloat, value); });
}

std::string attribute(const std::string& name, const std::vector<int64_t>& values) {
  return attribute(name, onnx::attribute::kTypeInts, [&](ProtobufWriter& w) {
    for (int64_t value : values) w.number(onnx::attribute::kInts, value);
  });
}

/// A ValueInfoProto: float32, batch x shape.
ProtobufWriter valueInfo(const std::string& name, const std::vector<int64_t>& shape) {
  ProtobufWriter dimensions, batch, tensor, type, info;
  batch.text(onnx::value::kSymbol, "batch");
  dimensions.message(onnx::value::kDimension, batch);
  for (int64_t size : shape) {
    ProtobufWriter dimension;
    dimension.number(onnx::value::kSize, size);
    dimensions.message(onnx::value::kDimension, dimension);
  }
  tensor.number(onnx::value::kElementType, onnx::tensor::kTypeFloat);
  tensor.message(onnx::value::kShape, dimensions);
  type.message(onnx::value::kTensorType, tensor);
  info.text(onnx::value::kName, name);
  info.message(onnx::value::kType, type);
  return info;
}

template <class T>
Tensor vectorOf(const std::vector<T>& values, DType dtype) {
  Tensor tensor = Tensor::zeros({static_cast<int64_t>(values.size())}, dtype);
  std::copy(values.begin(), values.end(), tensor.as<T>());
  return tensor;
}

int typeNumber(DType dtype) {
  if (dtype == DType::kF16) return onnx::tensor::kTypeFloat16;
  return dtype == DType::kF32 ? onnx::tensor::kTypeFloat : onnx::tensor::kTypeInt64;
}

Tensor asHalf(const std::string& name, const Tensor& values) {
  constexpr double kLargestHalf = 65504;
  const cv::Mat numbers(1, static_cast<int>(values.elements()), CV_32F, values.bytes.data);
  if (const double largest = cv::norm(numbers, cv::NORM_INF); !(largest <= kLargestHalf))
    throw Error(
        "onnx",
        fmt::format("{}, expected numbers up to {} for float16, got {:.3g}", name, kLargestHalf, largest),
        "store the weights as float32");
  Tensor halves = Tensor::zeros(values.shape, DType::kF16);
  cv::Mat target(1, numbers.cols, CV_16F, halves.bytes.data);
  numbers.convertTo(target, CV_16F);
  return halves;
}

}  // namespace

OnnxBuilder::OnnxBuilder(std::string graphName, std::string description, OnnxProfile profile)
    : graphName_(std::move(graphName)), description_(std::move(description)), profile_(profile) {
  CV_Assert(profile.opset == 9 || profile.opset == 11);
}

void OnnxBuilder::defineValue(const std::string& name) {
  CV_Assert(values_.insert(name).second);
}

std::string OnnxBuilder::input(const std::string& name, const std::vector<int64_t>& shape) {
  defineValue(name);
  ProtobufWriter field;
  field.message(onnx::graph::kInput, valueInfo(name, shape));
  inputs_ += field.buffer();
  return name;
}

void OnnxBuilder::output(const std::string& name, const std::vector<int64_t>& shape) {
  CV_Assert(values_.count(name) == 1);
  ProtobufWriter field;
  field.message(onnx::graph::kOutput, valueInfo(name, shape));
  outputs_ += field.buffer();
}

void OnnxBuilder::metadata(const std::string& key, const std::string& value) {
  ProtobufWriter entry, field;
  entry.text(onnx::entry::kKey, key);
  entry.text(onnx::entry::kValue, value);
  field.message(onnx::model::kMetadata, entry);
  metadata_ += field.buffer();
}

// --- constants

std::string OnnxBuilder::constant(const std::string& name, const Tensor& values) {
  CV_Assert(values.dtype == DType::kF32 || values.dtype == DType::kI64);
  return store(name, values);
}

std::string OnnxBuilder::weight(const std::string& name, const Tensor& values) {
  CV_Assert(values.dtype == DType::kF32);
  if (profile_.weights == WeightType::kFloat32) return store(name, values);
  return node("Cast", name + ".float", {store(name, asHalf(name, values))},
              attribute("to", int64_t{onnx::tensor::kTypeFloat}));
}

std::string OnnxBuilder::store(const std::string& name, const Tensor& values) {
  CV_Assert(values.bytes.total() == static_cast<size_t>(values.elements()) * sizeOf(values.dtype));
  constantBytes_ += values.bytes.total();
  if (constantBytes_ > static_cast<uint64_t>(kLargestFile))
    throw Error(
        "onnx",
        fmt::format("the constants up to {} are too large, expected at most {} bytes in one file, got {}",
                    name, kLargestFile, constantBytes_),
        "use a smaller model");
  defineValue(name);
  ProtobufWriter head;
  for (int64_t size : values.shape) head.number(onnx::tensor::kDims, size);
  head.number(onnx::tensor::kDataType, typeNumber(values.dtype));
  head.text(onnx::tensor::kName, name);
  initializers_.push_back({head.buffer(), values.bytes});
  return name;
}

std::string OnnxBuilder::scalar(float value) {
  const std::string name = fmt::format("scalar {}", value);
  if (values_.count(name)) return name;
  Tensor tensor = Tensor::zeros({});
  *tensor.as<float>() = value;
  return constant(name, tensor);
}

std::string OnnxBuilder::filled(int64_t count, float value) {
  const std::string name = fmt::format("{} x {}", count, value);
  if (values_.count(name)) return name;
  return constant(name, vectorOf(std::vector<float>(static_cast<size_t>(count), value), DType::kF32));
}

std::string OnnxBuilder::dims(const std::vector<int64_t>& shape) {
  return integers("shape", shape);
}

/// Numbers named by what they are and their values.
std::string OnnxBuilder::integers(const std::string& what, const std::vector<int64_t>& numbers) {
  const std::string name = fmt::format("{} {}", what, fmt::join(numbers, "x"));
  return values_.count(name) ? name : constant(name, vectorOf(numbers, DType::kI64));
}

// --- operators

std::string OnnxBuilder::node(const std::string& type, const std::string& name,
                              const std::vector<std::string>& inputs, const std::string& attributes) {
  for (const std::string& input : inputs) CV_Assert(values_.count(input) == 1);
  defineValue(name);
  ProtobufWriter content, field;
  for (const std::string& input : inputs) content.text(onnx::node::kInput, input);
  content.text(onnx::node::kOutput, name);
  content.text(onnx::node::kName, name);
  content.text(onnx::node::kOperator, type);
  field.text(onnx::graph::kNode, content.buffer() + attributes);
  nodes_ += field.buffer();
  return name;
}

std::string OnnxBuilder::conv(const std::string& name, const std::string& x, const Tensor& weight,
                              const Tensor& bias, const ConvolutionSteps& steps) {
  CV_Assert(weight.shape.size() == 4 && bias.elements() == weight.shape[0]);
  const std::string numbers = weight.elements() < kLargeConvolution ? constant(name + ".weight", weight)
                                                                    : this->weight(name + ".weight", weight);
  std::string attributes = attribute("kernel_shape", std::vector<int64_t>{weight.shape[2], weight.shape[3]});
  if (steps.groups > 1) attributes += attribute("group", steps.groups);
  const int64_t across = steps.padding.width, down = steps.padding.height;
  if (across + down > 0) attributes += attribute("pads", std::vector<int64_t>{down, across, down, across});
  attributes += attribute("strides", std::vector<int64_t>(2, steps.stride));
  return node("Conv", name, {x, numbers, constant(name + ".bias", bias)}, attributes);
}

std::string OnnxBuilder::gemm(const std::string& name, const std::string& x, const Tensor& weight,
                              const Tensor& bias) {
  CV_Assert(weight.shape.size() == 2 && bias.elements() == weight.shape[0]);
  return node("Gemm", name, {x, this->weight(name + ".weight", weight), constant(name + ".bias", bias)},
              attribute("transB", int64_t{1}));
}

std::string OnnxBuilder::matMul(const std::string& name, const std::string& a, const std::string& b) {
  return node("MatMul", name, {a, b});
}

std::string OnnxBuilder::add(const std::string& name, const std::string& a, const std::string& b) {
  return node("Add", name, {a, b});
}

std::string OnnxBuilder::mul(const std::string& name, const std::string& a, const std::string& b) {
  return node("Mul", name, {a, b});
}

std::string OnnxBuilder::div(const std::string& name, const std::string& a, const std::string& b) {
  return node("Div", name, {a, b});
}

std::string OnnxBuilder::erf(const std::string& name, const std::string& x) {
  return node("Erf", name, {x});
}

std::string OnnxBuilder::sigmoid(const std::string& name, const std::string& x) {
  return node("Sigmoid", name, {x});
}

std::string OnnxBuilder::clip(const std::string& name, const std::string& x, float min, float max) {
  CV_Assert(profile_.opset < 11);  // from then on the limits are inputs
  return node("Clip", name, {x}, attribute("max", max) + attribute("min", min));
}

std::string OnnxBuilder::softmax(const std::string& name, const std::string& x, int axis) {
  return node("Softmax", name, {x}, attribute("axis", int64_t{axis}));
}

std::string OnnxBuilder::reshape(const std::string& name, const std::string& x,
                                 const std::vector<int64_t>& shape) {
  return node("Reshape", name, {x, dims(shape)});
}

std::string OnnxBuilder::transpose(const std::string& name, const std::string& x,
                                   const std::vector<int64_t>& order) {
  return node("Transpose", name, {x}, attribute("perm", order));
}

std::string OnnxBuilder::slice(const std::string& name, const std::string& x, int64_t axis, int64_t begin,
                               int64_t end) {
  constexpr int kLimitsAreInputs = 10;
  if (profile_.opset < kLimitsAreInputs)
    return node("Slice", name, {x},
                attribute("axes", std::vector<int64_t>{axis}) + attribute("ends", std::vector<int64_t>{end}) +
                    attribute("starts", std::vector<int64_t>{begin}));
  const std::string first = integers("index", {begin}), last = integers("index", {end});
  return node("Slice", name, {x, first, last, integers("index", {axis})});
}

std::string OnnxBuilder::concat(const std::string& name, const std::vector<std::string>& parts,
                                int64_t axis) {
  return node("Concat", name, parts, attribute("axis", axis));
}

std::string OnnxBuilder::padRows(const std::string& name, const std::string& x, int64_t before) {
  constexpr int kLengthsAreInputs = 11;
  const std::vector<int64_t> lengths{0, before, 0, 0, 0, 0};  // at the beginning of each axis, at its end
  if (profile_.opset < kLengthsAreInputs) return node("Pad", name, {x}, attribute("pads", lengths));
  return node("Pad", name, {x, integers("lengths", lengths)});
}

std::string OnnxBuilder::instanceNorm(const std::string& name, const std::string& x, int64_t channels,
                                      float epsilon) {
  return node("InstanceNormalization", name, {x, filled(channels, 1.f), filled(channels, 0.f)},
              attribute("epsilon", epsilon));
}

std::string OnnxBuilder::globalAveragePool(const std::string& name, const std::string& x) {
  return node("GlobalAveragePool", name, {x});
}

}  // namespace cv::mixmim
