#include "model_io/onnx/builder.hpp"

#include <cmath>
#include <functional>
#include <ostream>

#include <fmt/format.h>
#include <opencv2/dnn.hpp>

#include "model_io/onnx/weights.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim::test {
namespace {

/// A field of the wire format: its tag, its length in one byte, its content.
std::string field(int tag, const std::string& content) {
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

/// ValueInfo of a float tensor "batch" x 2, written out from onnx.proto.
std::string valueInfo(const std::string& name) {
  const std::string shape = field(0x0a, field(0x12, "batch")) + field(0x0a, "\x08\x02");
  return field(0x0a, name) + field(0x12, field(0x0a, "\x08\x01" + field(0x12, shape)));
}

TEST(OnnxBuilder, WritesTheBytesOfTheFormat) {
  OnnxBuilder net("g", "about");
  net.output(net.erf("y", net.input("x", {2})), {2});
  net.metadata("k", "v");
  const std::string node = field(0x0a, "x") + field(0x12, "y") + field(0x1a, "y") + field(0x22, "Erf");
  const std::string graph =
      field(0x0a, node) + field(0x12, "g") + field(0x5a, valueInfo("x")) + field(0x62, valueInfo("y"));
  const std::string expected = "\x08\x07" + field(0x12, "MixMIM for OpenCV") + field(0x1a, MIXMIM_VERSION) +
                               field(0x32, "about") + field(0x3a, graph) +
                               field(0x42, field(0x0a, "") + "\x10\x0b") +
                               field(0x72, field(0x0a, "k") + field(0x12, "v"));
  EXPECT_EQ(fileOf(net), expected);
  EXPECT_EQ(net.byteSize(), static_cast<int64_t>(expected.size()));
}

TEST(OnnxBuilder, WritesWeightsAndAttributes) {
  OnnxBuilder net("g");
  net.output(net.gemm("y", net.input("x", {2}), floats({1, 2}, {1.f, -2.f}), floats({1}, {0.5f})), {1});
  const std::string file = fileOf(net);
  const std::string node = field(0x0a, "x") + field(0x0a, "y.weight") + field(0x0a, "y.bias") +
                           field(0x12, "y") + field(0x1a, "y") + field(0x22, "Gemm") +
                           field(0x2a, field(0x0a, "transB") + "\x18\x01" + "\xa0\x01\x02");
  const std::string weight = std::string("\x08\x01\x08\x02\x10\x01") + field(0x42, "y.weight") +
                             field(0x4a, std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8));
  const std::string bias = std::string("\x08\x01\x10\x01") + field(0x42, "y.bias") +
                           field(0x4a, std::string("\x00\x00\x00\x3f", 4));
  EXPECT_NE(file.find(field(0x0a, node)), std::string::npos);
  EXPECT_NE(file.find(weight + "\x62"), std::string::npos);  // blanks follow
  EXPECT_NE(file.find(field(0x2a, bias + field(0x62, ""))), std::string::npos);
}

TEST(OnnxBuilder, NegativeNumbersTakeTenBytes) {
  OnnxBuilder net("g");
  net.reshape("y", net.input("x", {2}), {-1, 2});
  const std::string dims = std::string("\xff\xff\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\0\0\0", 16);
  EXPECT_NE(fileOf(net).find(field(0x4a, dims)), std::string::npos);  // shapes: eight bytes, little-endian
  net.softmax("z", "y", -1);
  EXPECT_NE(
      fileOf(net).find(field(0x0a, "axis") + "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xa0\x01\x02"),
      std::string::npos);
}

TEST(OnnxBuilder, StoresEqualScalarsAndShapesOnce) {
  OnnxBuilder net("g");
  const std::string x = net.input("x", {2});
  net.add("a", x, net.scalar(1.5f));
  net.reshape("b", x, {-1, 2});
  const std::string before = fileOf(net);
  EXPECT_EQ(net.scalar(1.5f), net.scalar(1.5f));
  EXPECT_EQ(net.dims({-1, 2}), net.dims({-1, 2}));
  EXPECT_EQ(net.filled(0, 1.f), net.filled(0, 1.f));
  net.filled(3, 1.f);
  EXPECT_NE(net.scalar(1.5f), net.scalar(2.5f));
  EXPECT_LT(fileOf(net).size(), before.size() + 200);
}

TEST(OnnxBuilder, NumbersAreAlignedButForTheFirst) {
  OnnxBuilder net("g", std::string(100, 'x'));
  for (int64_t size : {1, 3, 16, 5, 10, 27, 40, 4000, 4077, 4078, 1, 524260, 524270, 7})
    net.constant(fmt::format("{}th", net.byteSize()), Tensor::zeros({size}));
  const std::string file = fileOf(net);
  EXPECT_EQ(net.byteSize(), static_cast<int64_t>(file.size()));
  // Read at an aligned place, numbers that are aligned there are not copied.
  cv::Mat aligned(1, static_cast<int>(file.size()), CV_8U);
  ASSERT_EQ(reinterpret_cast<uintptr_t>(aligned.data) % 64, 0u);
  std::copy(file.begin(), file.end(), aligned.data);
  size_t inPlace = 0;
  const TensorMap read = parseOnnxWeights({aligned.ptr<char>(), file.size()}, "file");
  for (const auto& [name, tensor] : read) {
    const bool inside = tensor.bytes.data > aligned.data && tensor.bytes.data < aligned.dataend;
    EXPECT_TRUE(!inside || (tensor.bytes.data - aligned.data) % 64 == 0) << name;
    inPlace += inside;
  }
  EXPECT_EQ(read.size(), 14u);
  EXPECT_GE(inPlace, 13u);
}

TEST(OnnxBuilder, HalvesAreStoredAndCastBack) {
  OnnxBuilder net("g", "", {11, WeightType::kFloat16});
  net.output(net.mul("y", net.input("x", {2}), net.weight("w", floats({2}, {1.f, -2.5f}))), {2});
  const std::string file = fileOf(net);
  const std::string cast = field(0x0a, "w") + field(0x12, "w.float") + field(0x1a, "w.float") +
                           field(0x22, "Cast") + field(0x2a, field(0x0a, "to") + "\x18\x01" + "\xa0\x01\x02");
  const std::string weight =
      std::string("\x08\x02\x10\x0a") + field(0x42, "w") + field(0x4a, std::string("\x00\x3c\x00\xc1", 4));
  EXPECT_NE(file.find(field(0x0a, cast)), std::string::npos);
  EXPECT_NE(file.find(field(0x2a, weight + field(0x62, ""))), std::string::npos);
}

TEST(OnnxBuilder, RefusesWhatAHalfCannotHold) {
  OnnxBuilder net("g", "", {11, WeightType::kFloat16});
  net.weight("largest", floats({1}, {-65504.f}));
  MIXMIM_EXPECT_ERROR(net.weight("w", floats({2}, {1.f, 65505.f})),
                      "onnx: w, expected numbers up to 65504 for float16, got 6.55e+04; store the weights as "
                      "float32");
}

TEST(OnnxBuilder, RefusesMisuse) {
  OnnxBuilder net("g");
  const std::string x = net.input("x", {2});
  EXPECT_THROW(net.erf("x", x), cv::Exception) << "a name twice";
  EXPECT_THROW(net.erf("y", "z"), cv::Exception) << "an input that does not exist";
  EXPECT_THROW(net.output("z", {2}), cv::Exception) << "an output that does not exist";
  EXPECT_THROW(net.gemm("g", x, floats({1, 2}, {1, 2}), floats({2}, {1, 2})), cv::Exception) << "bias length";
  EXPECT_THROW(net.constant("c", Tensor::zeros({1}, DType::kF16)), cv::Exception) << "element type";
  EXPECT_THROW(net.clip("c", x, 0, 1), cv::Exception) << "in opset 11 its limits are inputs";
  EXPECT_THROW(OnnxBuilder("g", "", {10, {}}), cv::Exception) << "opset";
}

TEST(OnnxBuilder, RefusesMoreThanTwoGibibytes) {
  constexpr int kSide = 32768;  // 1 GiB of bytes that are never read
  uint8_t nothing = 0;
  Tensor quarter{DType::kF32, {kSide, kSide / 4}, cv::Mat(1, kSide * kSide, CV_8U, &nothing)};
  OnnxBuilder net("g");
  net.constant("a", quarter);
  MIXMIM_EXPECT_ERROR(
      net.constant("b", quarter),
      "onnx: the constants up to b are too large, expected at most 2147483647 bytes in one file, got "
      "2147483648; use a smaller model");
}

// Each operator, computed by OpenCV from the file.
struct Operator {
  const char* name;
  std::vector<int64_t> shape;  // of the input 1, 2, 3, ... / 10
  std::function<std::string(OnnxBuilder&, const std::string&)> add;
  std::vector<float> expected;
};

void PrintTo(const Operator& tested, std::ostream* out) {
  *out << tested.name;
}

std::vector<float> run(const OnnxBuilder& net, const std::vector<int64_t>& shape) {
  const std::string file = fileOf(net);
  cv::dnn::Net loaded = cv::dnn::readNetFromONNX(file.data(), file.size());
  std::vector<int> sizes{1};
  for (int64_t side : shape) sizes.push_back(static_cast<int>(side));
  cv::Mat input(static_cast<int>(sizes.size()), sizes.data(), CV_32F);
  for (size_t i = 0; i < input.total(); ++i) input.ptr<float>()[i] = static_cast<float>(i + 1) / 10;
  loaded.setInput(input);
  const cv::Mat output = loaded.forward();
  return {output.ptr<float>(), output.ptr<float>() + output.total()};
}

class OnnxOperator : public ::testing::TestWithParam<Operator> {};

TEST_P(OnnxOperator, ComputesItsFormula) {
  const Operator& tested = GetParam();
  OnnxBuilder net("g");
  const std::string y = tested.add(net, net.input("x", tested.shape));
  net.output(y, {static_cast<int64_t>(tested.expected.size())});
  const std::vector<float> got = run(net, tested.shape);
  ASSERT_EQ(got.size(), tested.expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], tested.expected[i], 1e-5f) << i;
}

const float kSoft = 1 / (1 + std::exp(0.1f));  // softmax of two numbers 0.1 apart: the smaller one

INSTANTIATE_TEST_SUITE_P(
    Onnx, OnnxOperator,
    ::testing::Values(
        Operator{
            "Conv",
            {1, 2, 4},
            [](OnnxBuilder& net, const std::string& x) {  // 2 x 2 patches
              return net.conv("y", x, floats({1, 1, 2, 2}, {1, 2, 3, 4}), floats({1}, {0.5f}), {2});
            },
            {0.1f + 2 * 0.2f + 3 * 0.5f + 4 * 0.6f + 0.5f, 0.3f + 2 * 0.4f + 3 * 0.7f + 4 * 0.8f + 0.5f}},
        Operator{
            "DepthwiseConv",
            {2, 1, 2},
            [](OnnxBuilder& net, const std::string& x) {  // zeros outside, each channel by itself
              return net.conv("y", x,
                              floats({2, 1, 3, 3}, {0, 0, 0, 1, 2, 3, 0, 0, 0,  //
                                                    0, 0, 0, 4, 5, 6, 0, 0, 0}),
                              floats({2}, {0, 0.5f}), {1, {1, 1}, 2});
            },
            {2 * 0.1f + 3 * 0.2f, 0.1f + 2 * 0.2f, 5 * 0.3f + 6 * 0.4f + 0.5f, 4 * 0.3f + 5 * 0.4f + 0.5f}},
        Operator{"PadRows",
                 {2, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.padRows("y", x, 1); },
                 {0, 0, 0.1f, 0.2f, 0.3f, 0.4f}},
        Operator{"Gemm",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) {
                   return net.gemm("y", x, floats({3, 2}, {1, 2, 3, 4, 5, 6}), floats({3}, {0, 1, 2}));
                 },
                 {0.5f, 2.1f, 3.7f}},
        Operator{"MatMul",
                 {2, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.matMul("y", x, x); },
                 {0.07f, 0.10f, 0.15f, 0.22f}},
        Operator{"Add",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) { return net.add("y", x, x); },
                 {0.2f, 0.4f}},
        Operator{"MulByScalar",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) { return net.mul("y", x, net.scalar(3)); },
                 {0.3f, 0.6f}},
        Operator{"DivByScalar",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) { return net.div("y", x, net.scalar(2)); },
                 {0.05f, 0.1f}},
        Operator{"Erf",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) { return net.erf("y", x); },
                 {std::erf(0.1f), std::erf(0.2f)}},
        Operator{"Sigmoid",
                 {2},
                 [](OnnxBuilder& net, const std::string& x) { return net.sigmoid("y", x); },
                 {1 / (1 + std::exp(-0.1f)), 1 / (1 + std::exp(-0.2f))}},
        Operator{"Softmax",
                 {2, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.softmax("y", x, 2); },
                 {kSoft, 1 - kSoft, kSoft, 1 - kSoft}},
        Operator{"Transpose",
                 {2, 3},
                 [](OnnxBuilder& net, const std::string& x) { return net.transpose("y", x, {0, 2, 1}); },
                 {0.1f, 0.4f, 0.2f, 0.5f, 0.3f, 0.6f}},
        Operator{"Reshape",
                 {2, 3},
                 [](OnnxBuilder& net,
                    const std::string&
                        x) { return net.transpose("y", net.reshape("r", x, {-1, 3, 2}), {0, 2, 1}); },
                 {0.1f, 0.3f, 0.5f, 0.2f, 0.4f, 0.6f}},
        Operator{"Slice",
                 {2, 3},
                 [](OnnxBuilder& net, const std::string& x) { return net.slice("y", x, 2, 1, 3); },
                 {0.2f, 0.3f, 0.5f, 0.6f}},
        Operator{"Concat",
                 {2, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.concat("y", {x, x}, 2); },
                 {0.1f, 0.2f, 0.1f, 0.2f, 0.3f, 0.4f, 0.3f, 0.4f}},
        Operator{"InstanceNorm",
                 {2, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.instanceNorm("y", x, 2, 1e-9f); },
                 {-1, 1, -1, 1}},
        Operator{"GlobalAveragePool",
                 {2, 1, 2},
                 [](OnnxBuilder& net, const std::string& x) { return net.globalAveragePool("y", x); },
                 {0.15f, 0.35f}}),
    [](const auto& tested) { return tested.param.name; });

TEST(OnnxBuilder, SlicesInOpset9) {
  OnnxBuilder net("g", "", {9, {}});
  net.output(net.slice("y", net.input("x", {4}), 1, 1, 3), {2});
  EXPECT_EQ(run(net, {4}), (std::vector<float>{0.2f, 0.3f}));
}

TEST(OnnxBuilder, PadsInOpset9) {
  OnnxBuilder net("g", "", {9, {}});
  net.output(net.padRows("y", net.input("x", {1, 2}), 1), {2, 2});
  EXPECT_EQ(run(net, {1, 2}), (std::vector<float>{0, 0, 0.1f, 0.2f}));
}

TEST(OnnxBuilder, ClipsInOpset9) {
  OnnxBuilder net("g", "", {9, {}});
  net.output(net.clip("y", net.input("x", {4}), 0.15f, 0.35f), {4});
  EXPECT_EQ(run(net, {4}), (std::vector<float>{0.15f, 0.2f, 0.3f, 0.35f}));
  EXPECT_NE(fileOf(net).find(field(0x42, field(0x0a, "") + "\x10\x09")), std::string::npos);
}

}  // namespace
}  // namespace cv::mixmim::test
