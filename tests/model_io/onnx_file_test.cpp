// Files from strangers: what is wrong with them is said exactly.
#include "model_io/onnx/file.hpp"

#include <ostream>

#include <fmt/format.h>

#include "model_io/files/base64.hpp"
#include "model_io/onnx/deployed_model.hpp"
#include "model_io/onnx/golden_picture.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

using namespace std::string_literals;

struct Damage {
  const char* name;
  std::string bytes;
  const char* message;
};

void PrintTo(const Damage& tested, std::ostream* out) {
  *out << tested.name;
}

class DamagedOnnx : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedOnnx, IsNamed) {
  MIXMIM_EXPECT_ERROR(parseOnnx(GetParam().bytes, "model.onnx"), GetParam().message);
}

#define HINT "; copy the file again or export it anew"
INSTANTIATE_TEST_SUITE_P(
    Onnx, DamagedOnnx,
    ::testing::Values(
        Damage{"Empty", "",
               "model.onnx: not an ONNX file, expected it to begin with byte 0x08, got an empty file"},
        Damage{"Png", "\x89PNG\r\n",
               "model.onnx: not an ONNX file, expected it to begin with byte 0x08, got 0x89"},
        Damage{"NoGraph", "\x08\x07", "model.onnx: not an ONNX file, expected a graph, got none"},
        Damage{"TwoGraphs", "\x08\x07\x3a\x00\x3a\x00"s,
               "model.onnx: expected one graph, got two; export the file anew"},
        Damage{"OnlyATag", "\x08",
               "model.onnx: damaged at byte 1: expected a number, got the end of the data" HINT},
        Damage{"CutInTheGraph", "\x08\x07\x3a\x05\x0a",
               "model.onnx: damaged at byte 4: expected 5 more bytes, got 1" HINT},
        Damage{"CutInAConstant", "\x08\x07\x3a\x03\x2a\x05\x00"s,
               "model.onnx: damaged at byte 6: expected 5 more bytes, got 1" HINT},
        Damage{"LengthNearTwoTo64", "\x08\x07\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
               "model.onnx: damaged at byte 13: expected 18446744073709551615 more bytes, got 0" HINT},
        Damage{
            "EndlessNumber", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            "model.onnx: damaged at byte 11: expected a number of at most 10 bytes, got a longer one" HINT},
        Damage{"Group", "\x08\x07\x0b",
               "model.onnx: damaged at byte 3: expected a field of wire type 0, 1, 2 or 5, got 3" HINT},
        Damage{"FieldZero", "\x08\x07\x00"s,
               "model.onnx: damaged at byte 3: expected a field number from 1 to 536870911, got 0" HINT},
        Damage{"MetadataTwice", "\x08\x07\x3a\x00\x72\x03\x0a\x01k\x72\x03\x0a\x01k"s,
               "model.onnx: metadata \"k\" appears twice, expected once; export the file anew"}),
    [](const auto& tested) { return tested.param.name; });

TEST(OnnxFile, UnknownFieldsAreSkipped) {
  const std::string fixed =
      "\x69"
      "12345678"
      "\x6d"
      "1234";  // field 13, 64 and 32 bits
  const OnnxFile file = parseOnnx("\x08\x07" + fixed + "\x3a\x02\x0a\x00"s, "model.onnx");
  EXPECT_EQ(file.irVersion, 7);
  EXPECT_EQ(file.nodes, 1);
}

TEST(OnnxFile, EveryBeginningOfAFileIsAnError) {
  OnnxBuilder net("g");
  net.output(net.gemm("y", net.input("x", {2}), floats({1, 2}, {1, 2}), floats({1}, {3})), {1});
  const std::string file = fileOf(net);
  const size_t graphEnd = file.size() - 6;  // the opset follows
  EXPECT_NO_THROW(parseOnnx(file, "model.onnx"));
  for (size_t size = 0; size < graphEnd; ++size)
    EXPECT_THROW(parseOnnx(std::string_view(file).substr(0, size), "model.onnx"), Error) << size;
}

TEST(OnnxFile, CountsNodesAndParameters) {
  OnnxBuilder net("g");
  net.output(
      net.gemm("y", net.reshape("r", net.input("x", {2}), {-1, 2}), floats({1, 2}, {1, 2}), floats({1}, {3})),
      {1});
  const OnnxFile file = parseOnnx(fileOf(net), "model.onnx");
  EXPECT_EQ(file.nodes, 2);
  EXPECT_EQ(file.operators, (std::map<std::string, int64_t>{{"Gemm", 1}, {"Reshape", 1}}));
  ASSERT_EQ(file.inputs.size(), 1u);
  EXPECT_EQ(file.inputs[0].name, "x");
  EXPECT_EQ(file.inputs[0].shape, (std::vector<std::string>{"batch", "2"}));
  ASSERT_EQ(file.outputs.size(), 1u);
  EXPECT_EQ(file.outputs[0].name, "y");
  EXPECT_EQ(file.halfParameters, 0);
  EXPECT_EQ(file.parameters, 3);  // the shape is no parameter
  EXPECT_EQ(file.parameterBytes, 12);
  EXPECT_EQ(file.graphHash, net.graphHash());
}

std::string repeated(int count, const std::string& field) {
  std::string all;
  for (int i = 0; i < count; ++i) all += field;
  return all;
}

/// A field of the wire format with a length of three bytes.
std::string longField(char tag, const std::string& content) {
  std::string field{tag};
  for (int shift : {0, 7, 14})
    field += static_cast<char>((content.size() >> shift & 0x7f) | (shift < 14 ? 0x80 : 0));
  return field + content;
}

TEST(OnnxFile, ListsAreBounded) {
  const auto file = [](const std::string& graph) { return "\x08\x07" + longField(0x3a, graph); };
  std::string types;
  for (int i = 0; i < 257; ++i) types += "\x0a\x05\x22\x03" + std::to_string(100 + i);
  MIXMIM_EXPECT_ERROR(parseOnnx(file(types), "m.onnx"),
                      "m.onnx: expected at most 256 types of operators, got more");
  EXPECT_EQ(parseOnnx(file(types.substr(0, 256 * 7)), "m.onnx").operators.size(), 256u);
  for (const char* tag : {"\x5a", "\x62"})
    MIXMIM_EXPECT_ERROR(parseOnnx(file(repeated(257, tag + "\x00"s)), "m.onnx"),
                        "m.onnx: expected at most 256 inputs and outputs each, got more");
  const std::string shape = longField(0x12, longField(0x0a, longField(0x12, repeated(17, "\x0a\x00"s))));
  MIXMIM_EXPECT_ERROR(parseOnnx(file(longField(0x5a, "\x0a\x01x" + shape)), "m.onnx"),
                      "m.onnx: 'x': expected at most 16 dimensions, got more");
}

TEST(OnnxFile, MissingFile) {
  MIXMIM_EXPECT_ERROR(readOnnxFile("/nowhere/model.onnx"),
                      "/nowhere/model.onnx: cannot be read: No such file or directory");
  const TempFolder folder;
  MIXMIM_EXPECT_ERROR(readOnnxFile(folder.path()),
                      (folder.path().string() + ": cannot be read: Is a directory").c_str());
}

/// A small network with the given metadata; the hash is right unless it is given.
std::string described(std::map<std::string, std::string> metadata) {
  OnnxBuilder net("g");
  net.output(net.erf("logits", net.input("image", {2})), {2});
  metadata.emplace("mixmim.graphHash", net.graphHash());
  for (const auto& [key, value] : metadata)
    if (value != "absent") net.metadata(key, value);
  return fileOf(net);
}

std::map<std::string, std::string> goodDescription() {
  return {
      {"mixmim.format", "2"},
      {"mixmim.model", R"({"name":"mine","imageSize":8,"embedDim":8,"headDim":8,"depths":[1],"classes":2})"},
      {"mixmim.inputSize", "8"},
      {"mixmim.evalCrop", "0.875"},
      {"mixmim.head", "logits"},
      {"mixmim.weights", "fp32"},
      {"mixmim.labels", R"(["a","b"])"},
      {"mixmim.facts", R"({"model":"small"})"},
      {"mixmim.goldenInput", "AQIDBAUGBwgJCgsM"},  // 1 .. 12: 2 x 2 pixels
      {"mixmim.goldenOutput", "[0.5,-1e3]"}};
}

TEST(DeployedModel, IsReadBack) {
  const DeployedModel model = parseDeployedModel(described(goodDescription()), "model.onnx");
  EXPECT_EQ(model.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(model.facts.at("model"), "small");
  ASSERT_TRUE(model.model);
  EXPECT_EQ(model.model->name, "mine");
  EXPECT_EQ(model.model->depths, std::vector<int>{1});
  EXPECT_EQ(model.goldenInput.size(), cv::Size(8, 8));
  EXPECT_EQ(model.goldenInput.at<cv::Vec3b>(3, 3), cv::Vec3b(1, 2, 3));
  EXPECT_EQ(model.goldenInput.at<cv::Vec3b>(3, 4), cv::Vec3b(4, 5, 6));
  EXPECT_EQ(model.goldenInput.at<cv::Vec3b>(7, 0), cv::Vec3b(7, 8, 9));
  EXPECT_EQ(model.goldenOutput.at<float>(0), 0.5f);
  EXPECT_EQ(model.goldenOutput.at<float>(1), -1000.f);
}

TEST(DeployedModel, MetadataReadBackIsTheSameDescription) {
  const DeployedModel model = parseDeployedModel(described(goodDescription()), "model.onnx");
  const std::map<std::string, std::string> written = metadataOf(model);
  std::map<std::string, std::string> expected = goodDescription();
  expected["mixmim.goldenOutput"] = "[0.5,-1000]";
  expected["mixmim.model"] = written.at("mixmim.model");  // with every option
  for (const auto& [key, value] : expected) EXPECT_EQ(written.at(key), value) << key;
  EXPECT_EQ(metadataOf(parseDeployedModel(described(written), "again.onnx")), written);
}

TEST(DeployedModel, TheOldestFormatDoesNotSayTheModel) {
  std::map<std::string, std::string> metadata = goodDescription();
  metadata["mixmim.format"] = "1";
  metadata["mixmim.model"] = "absent";
  const DeployedModel old = parseDeployedModel(described(metadata), "old.onnx");
  EXPECT_FALSE(old.model);
  EXPECT_EQ(metadataOf(old).at("mixmim.format"), "1");
  EXPECT_EQ(metadataOf(old).count("mixmim.model"), 0u);
}

TEST(DeployedModel, HeadsAndWeightTypesHaveNames) {
  for (Head head : {Head::kLogits, Head::kProbabilities, Head::kFeatures, Head::kPyramid})
    EXPECT_EQ(headNamed(nameOf(head)), head);
  for (WeightType type : {WeightType::kFloat32, WeightType::kFloat16})
    EXPECT_EQ(weightTypeNamed(nameOf(type)), type);
  EXPECT_EQ(headNamed("Logits"), std::nullopt);
  EXPECT_EQ(weightTypeNamed(""), std::nullopt);
}

TEST(DeployedModel, ToleranceFollowsPrecisionAndTheLargestNumber) {
  DeployedModel model;
  model.goldenOutput = (cv::Mat_<float>(1, 2) << 0.5f, -0.25f);
  EXPECT_DOUBLE_EQ(goldenTolerance(model), 1e-3);
  model.goldenOutput = (cv::Mat_<float>(1, 2) << 0.5f, -20.f);
  EXPECT_DOUBLE_EQ(goldenTolerance(model), 20e-3);
  model.weights = WeightType::kFloat16;
  EXPECT_DOUBLE_EQ(goldenTolerance(model), 1.);
}

TEST(DeployedModel, GoldenAnswerOfOneOutputIsAllOfIt) {
  const cv::Mat scores = (cv::Mat_<float>(1, 3) << 1, 2, 3);
  EXPECT_EQ(cv::norm(goldenAnswer({scores}), scores, cv::NORM_INF), 0);
}

TEST(DeployedModel, GoldenAnswerOfAPyramidIsOneTokenPerChannel) {
  // Channel c, token t: 10 c + t, and 1000 more in the second map.
  const auto map = [](int channels, int side, float base) {
    const int shape[] = {1, channels, side, side};
    cv::Mat numbers(4, shape, CV_32F);
    for (int c = 0; c < channels; ++c)
      for (int t = 0; t < side * side; ++t)
        numbers.ptr<float>()[c * side * side + t] = base + static_cast<float>(10 * c + t);
    return numbers;
  };
  const cv::Mat_<float> expected =
      (cv::Mat_<float>(1, 5) << 0, 10 + 3, 20 + 6, /*second map, of one token*/ 1000, 1010);
  EXPECT_EQ(cv::norm(goldenAnswer({map(3, 3, 0), map(2, 1, 1000)}), expected, cv::NORM_INF), 0);
}

TEST(DeployedModel, AnyChangedByteOfTheNetworkIsNoticed) {
  std::string file = described(goodDescription());
  const size_t node = file.find("Erf");
  file[node + 2] = 'g';
  const OnnxFile changed = parseOnnx(file, "model.onnx");
  MIXMIM_EXPECT_ERROR(parseDeployedModel(file, "model.onnx"),
                      fmt::format("model.onnx: the network was damaged or changed after it was exported, "
                                  "expected hash {}, got {}; copy "
                                  "the file again or export it anew",
                                  changed.metadata.at("mixmim.graphHash"), changed.graphHash)
                          .c_str());
}

struct BadDescription {
  const char* name;
  const char* key;
  const char* value;  // "absent": not there
  const char* message;
};

void PrintTo(const BadDescription& tested, std::ostream* out) {
  *out << tested.name;
}

class BadDescriptions : public ::testing::TestWithParam<BadDescription> {};

TEST_P(BadDescriptions, AreNamed) {
  std::map<std::string, std::string> metadata = goodDescription();
  metadata[GetParam().key] = GetParam().value;
  MIXMIM_EXPECT_ERROR(parseDeployedModel(described(metadata), "model.onnx"), GetParam().message);
}

#define ANEW "; export the model anew"
INSTANTIATE_TEST_SUITE_P(
    Onnx, BadDescriptions,
    ::testing::Values(
        BadDescription{
            "OfSomebodyElse", "mixmim.format", "absent",
            "model.onnx: not written by mixmim, expected metadata \"mixmim.format\", got none; make the file "
            "with mixmim export"},
        BadDescription{"OfALaterVersion", "mixmim.format", "3",
                       "model.onnx: format of the description, expected 1 to 2, got 3; read it with the "
                       "version of mixmim "
                       "that wrote it"},
        BadDescription{"OfNoVersion", "mixmim.format", "0",
                       "model.onnx: format of the description, expected 1 to 2, got 0; read it with the "
                       "version of mixmim that wrote it"},
        BadDescription{"WithoutModel", "mixmim.model", "absent",
                       "model.onnx: expected metadata \"mixmim.model\", got none" ANEW},
        BadDescription{"ModelNotJson", "mixmim.model", "{",
                       "model.onnx: metadata \"mixmim.model\": not JSON at byte 1: incomplete JSON"},
        BadDescription{"ModelNoObject", "mixmim.model", "[1]",
                       "model.onnx: metadata \"mixmim.model\": expected a JSON object" ANEW},
        BadDescription{"ModelWithoutName", "mixmim.model", R"({"imageSize":8})",
                       "model.onnx: metadata \"mixmim.model\": expected a text \"name\", got none" ANEW},
        BadDescription{
            "ModelUnknownKey", "mixmim.model", R"({"name":"a","wavelength":1})",
            "model.onnx: metadata \"mixmim.model\": config JSON: unknown key 'model.wavelength'; `mixmim "
            "config` lists all keys"},
        BadDescription{
            "ModelOutOfRange", "mixmim.model", R"({"name":"a","embedDim":100000})",
            "model.onnx: metadata \"mixmim.model\": model.embedDim: expected a whole number from 4 to "
            "4096, got '100000'"},
        BadDescription{
            "ModelContradicts", "mixmim.model", R"({"name":"a","imageSize":32,"headDim":48})",
            "model.onnx: metadata \"mixmim.model\": model.headDim: expected a divisor of embedDim 128, "
            "got 48; every stage has dim / headDim heads"},
        BadDescription{"ModelOfAnotherSize", "mixmim.model", R"({"name":"a","imageSize":32,"classes":2})",
                       "model.onnx: imageSize of the model, expected 8 as inputSize, got 32" ANEW},
        BadDescription{"ModelOfOtherClasses", "mixmim.model",
                       R"({"name":"a","imageSize":8,"depths":[1],"classes":3})",
                       "model.onnx: classes of the model, expected 2 as numbers in goldenOutput, got 3" ANEW},
        BadDescription{"WithoutLabels", "mixmim.labels", "absent",
                       "model.onnx: expected metadata \"mixmim.labels\", got none" ANEW},
        BadDescription{"LabelsNotJson", "mixmim.labels", "[\"a\"",
                       "model.onnx: metadata \"mixmim.labels\": not JSON at byte 4: incomplete JSON"},
        BadDescription{"LabelsNoList", "mixmim.labels", "{}",
                       "model.onnx: metadata \"mixmim.labels\", expected a JSON list, got \"{}\"" ANEW},
        BadDescription{
            "LabelsNoTexts", "mixmim.labels", "[1, 2]",
            "model.onnx: metadata \"mixmim.labels\", expected a JSON list of texts, got \"[1, 2]\"" ANEW},
        BadDescription{
            "LabelsTooMany", "mixmim.labels", "[\"a\",\"b\",\"c\"]",
            "model.onnx: labels and goldenOutput, expected as many labels as numbers, got 3 and 2" ANEW},
        BadDescription{
            "SizeZero", "mixmim.inputSize", "0",
            "model.onnx: metadata \"mixmim.inputSize\", expected a number from 1 to 4096, got \"0\"" ANEW},
        BadDescription{
            "SizeEnormous", "mixmim.inputSize", "1e99",
            "model.onnx: metadata \"mixmim.inputSize\", expected a number from 1 to 4096, got \"1e99\"" ANEW},
        BadDescription{
            "SizeBroken", "mixmim.inputSize", "7.5",
            "model.onnx: metadata \"mixmim.inputSize\", expected a whole number, got \"7.5\"" ANEW},
        BadDescription{"CropNoNumber", "mixmim.evalCrop", "\"0.9\"",
                       "model.onnx: metadata \"mixmim.evalCrop\", expected a number from 0.01 to 1, got "
                       "\"\"0.9\"\"" ANEW},
        BadDescription{
            "FactsNoObject", "mixmim.facts", "[]",
            "model.onnx: metadata \"mixmim.facts\", expected a JSON object of texts, got \"[]\"" ANEW},
        BadDescription{"HeadUnknown", "mixmim.head", "boxes",
                       "model.onnx: metadata \"mixmim.head\", expected logits, probabilities, features or "
                       "pyramid, got \"boxes\"" ANEW},
        BadDescription{"LabelsWithoutClasses", "mixmim.head", "features",
                       "model.onnx: labels, expected none for the head features, got 2" ANEW},
        BadDescription{"WeightsUnknown", "mixmim.weights", "int8",
                       "model.onnx: metadata \"mixmim.weights\", expected fp32 or fp16, got \"int8\"" ANEW},
        BadDescription{"PictureNotBase64", "mixmim.goldenInput", "AQID!AUGBwgJCgsM",
                       "model.onnx: metadata \"mixmim.goldenInput\", expected the pixels of a picture whose "
                       "squares fill 8 x 8, base64, got \"AQID!AUGBwgJCgsM\"" ANEW},
        BadDescription{"PictureNotSquare", "mixmim.goldenInput", "AQIDBAUG",
                       "model.onnx: metadata \"mixmim.goldenInput\", expected the pixels of a picture whose "
                       "squares fill 8 x 8, base64, got \"AQIDBAUG\"" ANEW},
        BadDescription{"PictureEmpty", "mixmim.goldenInput", "",
                       "model.onnx: metadata \"mixmim.goldenInput\", expected the pixels of a picture whose "
                       "squares fill 8 x 8, base64, got \"\"" ANEW},
        BadDescription{"PictureDoesNotFit", "mixmim.inputSize", "9",
                       "model.onnx: metadata \"mixmim.goldenInput\", expected the pixels of a picture whose "
                       "squares fill 9 x 9, base64, got \"AQIDBAUGBwgJCgsM\"" ANEW},
        BadDescription{"AnswerEmpty", "mixmim.goldenOutput", "[]",
                       "model.onnx: metadata \"mixmim.goldenOutput\", expected the numbers of the network's "
                       "answer, got \"[]\"" ANEW},
        BadDescription{
            "AnswerInfinite", "mixmim.goldenOutput", "[1,1e999]",
            "model.onnx: metadata \"mixmim.goldenOutput\", expected a JSON list of finite numbers, got "
            "\"[1,1e999]\"" ANEW}),
    [](const auto& tested) { return tested.param.name; });

TEST(Base64, KnownVectors) {  // RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    const std::string_view bytes = plain;
    EXPECT_EQ(toBase64(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), text);
    const auto decoded = fromBase64(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(std::string(decoded->begin(), decoded->end()), plain);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9v\n", "====", "Zm-_"})
    EXPECT_FALSE(fromBase64(text)) << text;
}

}  // namespace
}  // namespace cv::mixmim::test
