// The numbers in a file, read without trust.
#include "model_io/onnx/weights.hpp"

#include <ostream>

#include "model_io/onnx/export.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

using namespace std::string_literals;

std::vector<float> numbers(const Tensor& tensor) {
  return {tensor.as<float>(), tensor.as<float>() + tensor.elements()};
}

/// A field of the wire format: its tag, its length in one byte, its content.
std::string field(int tag, const std::string& content) {
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

/// A file whose graph is these initializers.
std::string fileWith(const std::string& initializers) {
  return "\x08\x07" + field(0x3a, initializers);
}

std::string initializer(const std::string& dims, int type, const std::string& raw) {
  return field(0x2a, dims + "\x10" + static_cast<char>(type) + field(0x42, "w") + field(0x4a, raw));
}

TEST(OnnxWeights, GivesFloatsByName) {
  OnnxBuilder net("g");
  net.output(net.gemm("y", net.reshape("r", net.input("x", {2}), {-1, 2}), floats({1, 2}, {1.f, -2.f}),
                      floats({1}, {0.5f})),
             {1});
  net.scalar(7.f);
  const std::string file = fileOf(net);
  const TensorMap weights = parseOnnxWeights(file, "model.onnx");
  ASSERT_EQ(weights.size(), 3u) << "the shape of the reshape is none";
  EXPECT_EQ(weights.at("y.weight").shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(numbers(weights.at("y.weight")), (std::vector<float>{1.f, -2.f}));
  EXPECT_EQ(numbers(weights.at("y.bias")), (std::vector<float>{0.5f}));
  EXPECT_EQ(weights.at("scalar 7").shape, std::vector<int64_t>{});
  EXPECT_EQ(numbers(weights.at("scalar 7")), (std::vector<float>{7.f}));
}

TEST(OnnxWeights, HalfPrecisionBecomesFloat) {
  const std::string file = fileWith(initializer("\x08\x02", 10, "\x00\x3c\x00\xc1"s));
  const Tensor tensor = parseOnnxWeights(file, "model.onnx").at("w");
  EXPECT_EQ(tensor.dtype, DType::kF32);
  EXPECT_EQ(numbers(tensor), (std::vector<float>{1.f, -2.5f}));
}

TEST(OnnxWeights, NumbersAreAlignedWhereverTheyStand) {
  for (size_t shift = 0; shift < 4; ++shift) {
    const std::string file =
        std::string(shift, ' ') + fileWith(initializer("\x08\x01", 1, "\x00\x00\x80\x3f"s));
    const std::string_view bytes = std::string_view(file).substr(shift);
    const Tensor tensor = parseOnnxWeights(bytes, "model.onnx").at("w");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes.data) % alignof(float), 0u) << shift;
    EXPECT_EQ(*tensor.as<float>(), 1.f) << shift;
  }
}

TEST(OnnxWeights, OfAnExportedModelAreThoseOfItsGraph) {
  const TempFolder folder;
  const std::string path = folder.path() / "model.onnx";
  const ModelConfig model = smallest();
  const TensorMap trained = weightsOf(model);
  exportOnnx(path, trained, model, {});
  const OnnxWeights read = readOnnxWeights(path);
  EXPECT_EQ(numbers(read.tensors.at("layers.0.blocks.0.mlp.fc2.weight")),
            numbers(trained.at("layers.0.blocks.0.mlp.fc2.weight")));
  EXPECT_EQ(read.tensors.at("positions").shape, (std::vector<int64_t>{16, 8}));
  EXPECT_EQ(read.tensors.at("layers.1.blocks.0.attn.q.weight").shape, (std::vector<int64_t>{16, 16}));
}

TEST(OnnxWeights, MissingFile) {
  MIXMIM_EXPECT_ERROR(readOnnxWeights("/nowhere/model.onnx"),
                      "/nowhere/model.onnx: cannot be read: No such file or directory");
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* message;
};

void PrintTo(const Hostile& tested, std::ostream* out) {
  *out << tested.name;
}

class HostileOnnxWeights : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileOnnxWeights, AreNamed) {
  MIXMIM_EXPECT_ERROR(parseOnnxWeights(GetParam().bytes, "m.onnx"), GetParam().message);
}

const std::string kOne = "\x00\x00\x80\x3f"s, kHuge = "\x08\x80\x80\x80\x80\x04";  // 1.f; a dimension of 2^30

#define HINT "; copy the file again or export it anew"
INSTANTIATE_TEST_SUITE_P(
    Onnx, HostileOnnxWeights,
    ::testing::Values(
        Hostile{"TooFewBytes", fileWith(initializer("\x08\x02", 1, kOne)),
                "m.onnx: constant 'w': expected 8 raw bytes for 2 numbers of type F32, got 4" HINT},
        Hostile{"TooManyBytes", fileWith(initializer("", 1, kOne + kOne)),
                "m.onnx: constant 'w': expected 4 raw bytes for 1 numbers of type F32, got 8" HINT},
        Hostile{"HalfOfABytePair", fileWith(initializer("", 10, "\x01")),
                "m.onnx: constant 'w': expected 2 raw bytes for 1 numbers of type F16, got 1" HINT},
        Hostile{"NumbersElsewhere", fileWith(field(0x2a, "\x10\x01" + field(0x42, "w"))),
                "m.onnx: constant 'w': expected 4 raw bytes for 1 numbers of type F32, got 0" HINT},
        Hostile{"DimensionZero", fileWith(initializer("\x08\x00"s, 1, "")),
                "m.onnx: constant 'w': expected dimensions of at least 1, got 0" HINT},
        Hostile{"DimensionNegative",
                fileWith(initializer("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1, kOne)),
                "m.onnx: constant 'w': expected dimensions of at least 1, got -1" HINT},
        Hostile{"ProductOverflows", fileWith(initializer(kHuge + kHuge + kHuge, 1, kOne)),
                "m.onnx: constant 'w': expected at most 536870911 numbers, got 1073741824 x 1073741824 x "
                "1073741824" HINT},
        Hostile{"HalvesThatOverflowAsFloats", fileWith(initializer("\x08\x80\x80\x80\x80\x02", 10, kOne)),
                "m.onnx: constant 'w': expected at most 536870911 numbers, got 536870912" HINT},
        Hostile{
            "RankTooHigh",
            fileWith(initializer("\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01",
                                 1, kOne)),
            "m.onnx: constant '': expected at most 8 dimensions, got more" HINT},
        Hostile{"NameTwice", fileWith(initializer("", 1, kOne) + initializer("", 10, "\x00\x3c"s)),
                "m.onnx: constant 'w': appears twice, expected once" HINT},
        Hostile{"NameWithControlCharacters", fileWith(field(0x2a, "\x10\x01" + field(0x42, "a\nb"))),
                "m.onnx: constant 'a?b': expected 4 raw bytes for 1 numbers of type F32, got 0" HINT},
        Hostile{"CutOff", "\x08\x07\x3a\x09\x2a\x02",
                "m.onnx: damaged at byte 4: expected 9 more bytes, got 2" HINT}),
    [](const auto& tested) { return tested.param.name; });

TEST(OnnxWeights, MoreConstantsThanAnyModelHas) {
  std::string graph;
  for (int i = 0; i <= 65536; ++i)
    graph += field(0x2a, "\x10\x01" + field(0x42, std::to_string(i)) + field(0x4a, kOne));
  std::string size;  // of the graph, in three bytes and a last one
  for (size_t i = 0; i < 4; ++i)
    size += static_cast<char>((graph.size() >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
  MIXMIM_EXPECT_ERROR(parseOnnxWeights("\x08\x07\x3a" + size + graph, "m.onnx"),
                      "m.onnx: expected at most 65536 constants, got more");
}

}  // namespace
}  // namespace cv::mixmim::test
