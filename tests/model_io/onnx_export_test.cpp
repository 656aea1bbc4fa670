#include "model_io/onnx/export.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>

#include <opencv2/dnn.hpp>

#include "model/reference_forward.hpp"
#include "model_io/onnx/constants.hpp"
#include "model_io/onnx/file.hpp"
#include "model_io/onnx/golden_picture.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Pictures of noise, different from each other.
std::vector<cv::Mat> pictures(int count, cv::Size size) {
  cv::RNG random(7);
  std::vector<cv::Mat> result;
  for (int i = 0; i < count; ++i) {
    result.emplace_back(size, CV_8UC3);
    random.fill(result.back(), cv::RNG::UNIFORM, 0, 256);
  }
  return result;
}

struct Exported {
  const char* model;
  Head head = Head::kLogits;
  OnnxProfile profile = {};
  bool small = false;  // weights that show a wrong eps

  static constexpr double kTolerance = 5e-5;  // of the largest number, or of 1
};

std::string titleOf(const Exported& tested) {
  std::string title = tested.model;
  std::replace(title.begin(), title.end(), '@', '_');
  return title + "_" + nameOf(tested.head) + "_" + nameOf(tested.profile.weights) + "_opset" +
         std::to_string(tested.profile.opset) + (tested.small ? "_small" : "");
}

void PrintTo(const Exported& tested, std::ostream* out) {
  *out << titleOf(tested);
}

class ExportedModel : public ::testing::TestWithParam<Exported> {};

/// The names of a head's outputs.
std::vector<cv::String> outputNames(Head head, size_t stages) {
  if (head != Head::kPyramid) return {nameOf(head)};
  std::vector<cv::String> names;
  for (size_t s = 1; s <= stages; ++s) names.push_back("feature" + std::to_string(s));
  return names;
}

/// Output i of the first `count` pictures, one below the other.
cv::Mat stacked(const std::vector<std::vector<cv::Mat>>& answers, size_t i, int count) {
  cv::Mat rows;
  for (int n = 0; n < count; ++n) rows.push_back(answers[static_cast<size_t>(n)][i].reshape(1, 1));
  return rows;
}

TEST_P(ExportedModel, AnswersAsTheEquationsSay) {
  const Exported& tested = GetParam();
  const ModelConfig model = modelNamed(tested.model);
  TensorMap weights = weightsOf(model);
  if (tested.small) makeSmall(weights);
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  exportOnnx(path, weights, model, {}, {tested.head, tested.profile});

  constexpr int kMost = 3;
  const std::vector<cv::Mat> images = pictures(kMost, model.imageSize);
  std::vector<std::vector<cv::Mat>> expected;
  for (const cv::Mat& image : images)
    expected.push_back(referenceOutputs(weights, model, tested.head, image));
  const std::vector<cv::String> names = outputNames(tested.head, model.depths.size());
  ASSERT_EQ(expected.front().size(), names.size());

  cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
  for (int batch : {1, 2, 3, 1}) {  // on the same network, which must forget the batch before
    const std::vector<cv::Mat> some(images.begin(), images.begin() + batch);
    net.setInput(cv::dnn::blobFromImages(some, 1.0, model.imageSize));
    std::vector<cv::Mat> answers;
    net.forward(answers, names);
    for (size_t i = 0; i < names.size(); ++i) {
      const cv::Mat right = stacked(expected, i, batch), one = expected.front()[i];
      ASSERT_EQ(answers[i].dims, one.dims) << names[i];
      for (int d = 1; d < one.dims; ++d) ASSERT_EQ(answers[i].size[d], one.size[d]) << names[i];
      cv::Mat answer;
      answers[i].reshape(1, batch).convertTo(answer, CV_64F);
      EXPECT_TRUE(cv::checkRange(answer))
          << names[i] << " batch " << batch;  // a NaN is no difference to cv::norm
      EXPECT_LT(cv::norm(answer, right, cv::NORM_INF),
                Exported::kTolerance * std::max(1., cv::norm(right, cv::NORM_INF)))
          << names[i] << " batch " << batch;
      EXPECT_GT(cv::norm(right, cv::NORM_L2) / std::sqrt(static_cast<double>(right.total())), 0.1)
          << names[i] << ": numbers too small for the tolerance";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Onnx, ExportedModel,
    ::testing::Values(Exported{"micro"}, Exported{"tiny"}, Exported{"small64"}, Exported{"patch2At32"},
                      Exported{"oneTokenAt16"}, Exported{"manyWindowsAt136"}, Exported{"wide"},
                      Exported{"tall"}, Exported{"tall", Head::kPyramid}, Exported{"swinWide"},
                      Exported{"swinWide", Head::kPyramid}, Exported{"micro", Head::kProbabilities},
                      Exported{"tiny", Head::kFeatures}, Exported{"oneTokenAt16", Head::kFeatures},
                      Exported{"tiny", Head::kPyramid}, Exported{"small64", Head::kPyramid},
                      Exported{"oneTokenAt16", Head::kPyramid}, Exported{"manyWindowsAt136", Head::kPyramid},
                      Exported{"tiny", Head::kLogits, {9, {}}}, Exported{"small64", Head::kPyramid, {9, {}}},
                      Exported{"swin"}, Exported{"swin14"}, Exported{"swinAt64"}, Exported{"swinOneWindow"},
                      Exported{"swinAt64", Head::kProbabilities}, Exported{"swin", Head::kFeatures},
                      Exported{"swinAt64", Head::kPyramid}, Exported{"swin14", Head::kPyramid},
                      Exported{"swinAt64", Head::kLogits, {9, {}}}),
    [](const auto& tested) { return titleOf(tested.param); });

const OnnxProfile kOld{9, {}};

INSTANTIATE_TEST_SUITE_P(
    OnnxOfReducedKeys, ExportedModel,
    ::testing::Values(
        Exported{"pvt"}, Exported{"pvt_v2"}, Exported{"twins_svt"}, Exported{"twins_pcpvt"},
        Exported{"pvt", Head::kFeatures}, Exported{"pvt_v2", Head::kProbabilities},
        Exported{"twins_svt", Head::kFeatures}, Exported{"pvt", Head::kPyramid},
        Exported{"pvt_v2", Head::kPyramid}, Exported{"twins_pcpvt", Head::kPyramid}, Exported{"pvt@128x64"},
        Exported{"pvt@32x32"}, Exported{"pvt@64x96", Head::kPyramid}, Exported{"pvt_v2@128x64"},
        Exported{"pvt_v2@32x32"}, Exported{"pvt_v2@64x96", Head::kPyramid}, Exported{"twins_svt@128x64"},
        Exported{"twins_svt@32x32"}, Exported{"twins_svt@64x96", Head::kPyramid},
        Exported{"twins_pcpvt@32x32"}, Exported{"twins_pcpvt@96x32"}, Exported{"pvt_v2@32x64"},
        Exported{"twins_svt@384x256"}, Exported{"pvt@64x96", Head::kLogits, kOld},
        Exported{"pvt_v2@64x96", Head::kLogits, kOld}, Exported{"twins_svt@64x96", Head::kLogits, kOld},
        Exported{"swin", Head::kLogits, {}, true}, Exported{"pvt", Head::kLogits, {}, true},
        Exported{"pvt_v2", Head::kLogits, {}, true}, Exported{"twins_svt", Head::kLogits, {}, true},
        Exported{"twins_pcpvt", Head::kLogits, {}, true}),
    [](const auto& tested) { return titleOf(tested.param); });

/// The graph in float16 reaches readers that this OpenCV is not (tests/onnx_matrix). Here: half the bytes,
/// and the same numbers, rounded.
struct Halved {
  const char* model;
  double share;  // at most so much of the file; names and small constants are not halved
};

class HalfPrecision : public ::testing::TestWithParam<Halved> {};

TEST_P(HalfPrecision, IsTheSameGraphRounded) {
  const ModelConfig model = modelNamed(GetParam().model);
  const TempFolder folder;
  const std::string whole = folder / "32.onnx", half = folder / "16.onnx";
  exportOnnx(whole, weightsOf(model), model, {});
  exportOnnx(half, weightsOf(model), model, {}, {Head::kLogits, {11, WeightType::kFloat16}});
  EXPECT_LT(readOnnxFile(half).bytes, GetParam().share * static_cast<double>(readOnnxFile(whole).bytes));
  const OnnxWeights expected = readOnnxWeights(whole), rounded = readOnnxWeights(half);
  ASSERT_EQ(rounded.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    const Tensor& other = rounded.tensors.at(name);
    ASSERT_EQ(other.shape, tensor.shape) << name;
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      const float number = tensor.as<float>()[i];
      ASSERT_NEAR(other.as<float>()[i], number, std::abs(number) / 2048 + 3e-8f) << name;
    }
  }
  const DeployedModel about = readDeployedModel(half);
  EXPECT_EQ(about.weights, WeightType::kFloat16);
  EXPECT_EQ(cv::norm(about.goldenOutput, readDeployedModel(whole).goldenOutput, cv::NORM_INF), 0);
}

INSTANTIATE_TEST_SUITE_P(OnnxExport, HalfPrecision,
                         ::testing::Values(Halved{"tiny", 0.52}, Halved{"swin14", 0.52}, Halved{"pvt", 0.6},
                                           Halved{"pvt_v2", 0.6}, Halved{"twins_svt", 0.6},
                                           Halved{"pvt_v2_b1@64x64", 0.52}),
                         [](const auto& tested) { return titleOf({tested.param.model}); });

/// The part of the graph's constant that readers take for the bias without a mask.
TEST(OnnxExport, MasksBeginWithAWindowThatHasNone) {
  const ModelConfig model = modelNamed("swinAt64");
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  exportOnnx(path, weightsOf(model), model, {});
  const OnnxWeights read = readOnnxWeights(path);
  const Tensor& bias = read.tensors.at(std::string("layers.0.blocks.1") + onnx_names::kScoreBias);
  constexpr int kWindows = 64, kHeads = 2, kPairs = 16;
  ASSERT_EQ(bias.shape, (std::vector<int64_t>{kWindows * kHeads, 4, 4}));
  const auto blocked = [&](int64_t from, int64_t count) {
    return std::count_if(bias.as<float>() + from, bias.as<float>() + from + count,
                         [](float number) { return number < -50; });
  };
  EXPECT_EQ(blocked(0, kHeads * kPairs), 0);
  EXPECT_EQ(blocked(0, bias.elements()), kHeads * (14 * 8 + 12)) << "pairs on both sides of a border";
}

TEST(OnnxExport, SameWeightsSameBytes) {
  const TempFolder folder;
  const std::string first = folder / "1.onnx", second = folder / "2.onnx";
  const int threads = cv::getNumThreads();
  const ExportReport report = exportOnnx(first, weightsOf(smallest()), smallest(), {});
  cv::setNumThreads(1);
  exportOnnx(second, weightsOf(smallest()), smallest(), {});
  cv::setNumThreads(threads);
  EXPECT_EQ(contentOf(first), contentOf(second));
  EXPECT_EQ(report.bytes, static_cast<int64_t>(contentOf(first).size()));
}

TEST(OnnxExport, DescribesItself) {
  DeployedModel about;
  about.labels = {"cat", "dog \"x\"", "\xc3\xa4pfel"};
  about.evalView = {EvalRule::kTimm, 0.9};
  about.facts = {{"model", "smallest"}, {"top1", "0.75"}};
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  const ExportReport report = exportOnnx(path, weightsOf(smallest()), smallest(), about);

  const DeployedModel read = readDeployedModel(path);
  EXPECT_EQ(read.inputSize, cv::Size(16, 16));
  EXPECT_EQ(read.evalView.rule, EvalRule::kTimm);
  EXPECT_EQ(read.evalView.crop, 0.9);
  EXPECT_EQ(read.head, Head::kLogits);
  EXPECT_EQ(read.weights, WeightType::kFloat32);
  EXPECT_EQ(read.labels, about.labels);
  EXPECT_EQ(read.facts, about.facts);
  EXPECT_EQ(read.goldenInput.size(), cv::Size(16, 16));
  EXPECT_EQ(read.goldenInput.type(), CV_8UC3);
  EXPECT_EQ(cv::norm(read.goldenOutput, report.goldenOutput, cv::NORM_INF), 0);
  cv::Mat expected;
  referenceLogits(weightsOf(smallest()), smallest(), read.goldenInput).convertTo(expected, CV_32F);
  EXPECT_EQ(cv::norm(read.goldenOutput, expected, cv::NORM_INF), 0);

  const OnnxFile file = readOnnxFile(path);
  EXPECT_EQ(file.producer, "MixMIM for OpenCV");
  EXPECT_EQ(file.producerVersion, MIXMIM_VERSION);
  EXPECT_EQ(file.irVersion, 7);
  EXPECT_EQ(file.opset, 11);
  EXPECT_EQ(file.bytes, report.bytes);
  EXPECT_EQ(file.parameterBytes, 4 * file.parameters);
  EXPECT_LT(file.parameterBytes, file.bytes);
}

/// Keys that other programs look for, letter by letter.
TEST(OnnxExport, SpeaksTheWordsOfOthers) {
  DeployedModel about;
  about.labels = {"grey cat", "it's a \\", "\xc3\xa4pfel"};
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  exportOnnx(path, weightsOf(smallest()), smallest(), about);
  std::map<std::string, std::string> words;
  for (const auto& [key, value] : readOnnxFile(path).metadata)
    if (key.rfind("mixmim.", 0) != 0) words[key] = value;
  const std::map<std::string, std::string> expected{{"Image.BitmapPixelFormat", "Bgr8"},
                                                    {"Image.ColorSpaceGamma", "SRGB"},
                                                    {"Image.NominalPixelRange", "NominalRange_0_255"},
                                                    {"imgsz", "[16, 16]"},
                                                    {"names", R"({0: 'grey cat', 1: 'it\'s a \\', 2: ')"
                                                              "\xc3\xa4pfel'}"},
                                                    {"task", "classify"},
                                                    {"model_info model_type", "Classification"},
                                                    {"model_info labels", "grey_cat it's_a_\\ \xc3\xa4pfel"},
                                                    {"model_info multilabel", "False"},
                                                    {"model_info hierarchical", "False"},
                                                    {"model_info output_raw_scores", "True"},
                                                    {"model_info resize_type", "crop"},
                                                    {"model_info reverse_input_channels", "False"},
                                                    {"model_info mean_values", "0.0 0.0 0.0"},
                                                    {"model_info scale_values", "1.0 1.0 1.0"}};
  EXPECT_EQ(words, expected);

  ExportOptions options;
  options.head = Head::kFeatures;
  exportOnnx(path, weightsOf(smallest()), smallest(), {}, options);
  EXPECT_EQ(readOnnxFile(path).metadata.count("names"), 0u);
  EXPECT_EQ(readOnnxFile(path).metadata.at("imgsz"), "[16, 16]");
}

TEST(OnnxExport, EveryHeadCarriesItsGoldenAnswer) {
  const ModelConfig model = modelNamed("small64");
  const TensorMap weights = weightsOf(model);
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  const std::pair<Head, int> sizes[] = {
      {Head::kProbabilities, 10}, {Head::kFeatures, 128}, {Head::kPyramid, 32 + 64 + 128}};
  for (const auto& [head, numbers] : sizes) {
    exportOnnx(path, weights, model, {}, {head, {}});
    const DeployedModel read = readDeployedModel(path);
    EXPECT_EQ(read.head, head);
    ASSERT_EQ(read.goldenOutput.cols, numbers) << nameOf(head);
    cv::Mat expected;
    goldenAnswer(referenceOutputs(weights, model, head, read.goldenInput)).convertTo(expected, CV_32F);
    EXPECT_EQ(cv::norm(read.goldenOutput, expected, cv::NORM_INF), 0) << nameOf(head);
    EXPECT_EQ(readOnnxFile(path).metadata.at("mixmim.output"), sentenceOf(head, Labelling::kOne));
  }
}

TEST(OnnxExport, EncodersNeedNoClassifier) {
  ModelConfig encoder = smallest();
  encoder.classes = 0;
  TensorMap weights = recipeWeights(encoder, Task::kPretrain, kSeed);
  const TempFolder folder;
  for (Head head : {Head::kFeatures, Head::kPyramid}) {
    exportOnnx(folder / "1.onnx", weights, encoder, {}, {head, {}});
    exportOnnx(folder / "2.onnx", weightsOf(smallest()), smallest(), {}, {head, {}});
    EXPECT_EQ(contentOf(folder / "1.onnx"), contentOf(folder / "2.onnx")) << "a classifier changes nothing";
  }
}

TEST(OnnxExport, GoldenPictureIsAMosaic) {
  for (const char* name : {"tiny", "small64", "patch2At32"}) {
    const ModelConfig model = modelNamed(name);
    const TempFolder folder;
    const std::string path = folder / "model.onnx";
    exportOnnx(path, weightsOf(model), model, {});
    const cv::Mat picture = readDeployedModel(path).goldenInput;
    const int square = model.imageSize.width / 32;
    EXPECT_EQ(picture.at<cv::Vec3b>(0, 0), picture.at<cv::Vec3b>(square - 1, square - 1)) << name;
    EXPECT_NE(picture.at<cv::Vec3b>(0, 0), picture.at<cv::Vec3b>(0, square)) << name;
    EXPECT_LT(readOnnxFile(path).metadata.at("mixmim.goldenInput").size(), 4097u) << name;
  }
}

TEST(OnnxExport, TakesTheClassesFromTheWeights) {
  const TempFolder folder;
  ModelConfig open = smallest();
  open.classes = 0;
  EXPECT_EQ(exportOnnx(folder / "model.onnx", weightsOf(smallest()), open, {}).goldenOutput.cols, 3);
}

TEST(OnnxExport, IgnoresWhatPretrainingLeaves) {
  TensorMap weights = weightsOf(smallest());
  weights["mask_token"] = weights["decoder_pred.bias"] = Tensor::zeros({8});
  weights["layers.0.blocks.0.attn.relative_position_index"] = Tensor::zeros({16, 16}, DType::kI64);
  const TempFolder folder;
  EXPECT_NO_THROW(exportOnnx(folder / "model.onnx", weights, smallest(), {}));
}

/// Through the one list of options, so that nothing of the model is forgotten.
TEST(OnnxExport, SaysWhichModelItIs) {
  const TempFolder folder;
  for (const char* name : {"small64", "patch2At32", "swin14", "pvt", "pvt_v2", "twins_svt", "twins_pcpvt"}) {
    Config written, read;
    written.model = modelNamed(name);
    const std::string path = folder / "model.onnx";
    exportOnnx(path, weightsOf(written.model), written.model, {});
    const std::optional<ModelConfig> model = readDeployedModel(path).model;
    ASSERT_TRUE(model);
    read.model = *model;
    const std::vector<Option> expected = options(written), got = options(read);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(got[i].get(), expected[i].get()) << expected[i].name;
    EXPECT_EQ(model->name, name);
  }
}

struct BadExport {
  const char* name;
  std::function<void(TensorMap&, ModelConfig&, DeployedModel&)> spoil;
  const char* message;
};

void PrintTo(const BadExport& tested, std::ostream* out) {
  *out << tested.name;
}

class OnnxExportErrors : public ::testing::TestWithParam<BadExport> {};

TEST_P(OnnxExportErrors, AreExactAndLeaveNoFile) {
  ModelConfig model = smallest();
  TensorMap weights = weightsOf(model);
  DeployedModel about;
  GetParam().spoil(weights, model, about);
  const TempFolder folder;
  MIXMIM_EXPECT_ERROR(exportOnnx(folder / "model.onnx", weights, model, about), GetParam().message);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

INSTANTIATE_TEST_SUITE_P(
    Onnx, OnnxExportErrors,
    ::testing::Values(
        BadExport{"Missing",
                  [](TensorMap& weights, ModelConfig&, DeployedModel&) {
                    weights.erase("norm.bias");
                    weights.erase("head.weight");
                  },
                  "weights: not a fine-tuned smallest model: norm.bias expected 16 F32, got none, "
                  "head.weight expected "
                  "3x16 F32, got none; check the model's dimensions, and fine-tune it before exporting"},
        BadExport{
            "AllMissing", [](TensorMap& weights, ModelConfig&, DeployedModel&) { weights.clear(); },
            "weights: not a fine-tuned smallest model: absolute_pos_embed expected 1x16x8 F32, got none, "
            "patch_embed.proj.weight expected 8x3x4x4 F32, got none, patch_embed.proj.bias expected 8 F32, "
            "got none, "
            "patch_embed.norm.weight expected 8 F32, got none, patch_embed.norm.bias expected 8 F32, got "
            "none and 33 "
            "more; check the model's dimensions, and fine-tune it before exporting"},
        BadExport{
            "Misshapen",
            [](TensorMap& weights, ModelConfig&, DeployedModel&) {
              weights["norm.bias"] = Tensor::zeros({8});
              weights["norm.weight"] = Tensor::zeros({16}, DType::kF16);
            },
            "weights: not a fine-tuned smallest model: norm.weight expected 16 F32, got 16 F16, norm.bias "
            "expected 16 F32, got 8 F32; check the model's dimensions, and fine-tune it before exporting"},
        BadExport{"OfALargerModel",
                  [](TensorMap& weights, ModelConfig&, DeployedModel&) {
                    weights["layers.1.blocks.1.norm1.weight"] = Tensor::zeros({16});
                  },
                  "weights: not a fine-tuned smallest model: layers.1.blocks.1.norm1.weight expected none, "
                  "got 16 F32; "
                  "check the model's dimensions, and fine-tune it before exporting"},
        BadExport{"NotFinite",
                  [](TensorMap& weights, ModelConfig&, DeployedModel&) {
                    weights["norm.bias"].as<float>()[3] = NAN;
                  },
                  "weights: not a fine-tuned smallest model: norm.bias expected finite numbers, got others; "
                  "check the "
                  "model's dimensions, and fine-tune it before exporting"},
        BadExport{
            "WithoutClassifier",
            [](TensorMap& weights, ModelConfig& model, DeployedModel&) {
              weights.erase("head.weight");
              weights.erase("head.bias");
              model.classes = 0;
            },
            "weights: expected a classifier (head.weight, head.bias), got none; fine-tune the model before "
            "exporting it, or export its features or pyramid"},
        BadExport{"TooFewLabels",
                  [](TensorMap&, ModelConfig&, DeployedModel& about) {
                    about.labels = {"a", "b"};
                  },
                  "labels: expected 3, one per class, got 2"},
        BadExport{"Overflow",
                  [](TensorMap& weights, ModelConfig&, DeployedModel&) {
                    weights["head.bias"].as<float>()[0] = 3e38f;
                    for (int i = 0; i < 16; ++i)
                      weights["head.weight"].as<float>()[i] = weights["norm.bias"].as<float>()[i] = 1e38f;
                  },
                  "export: the model's answer to the test picture, expected finite numbers, got others; the "
                  "weights "
                  "are too large to be used"},
        BadExport{
            "WithoutPosition",
            [](TensorMap& weights, ModelConfig&, DeployedModel&) { weights.erase("absolute_pos_embed"); },
            "weights: those of another encoder: expected absolute_pos_embed, got none; check the model's "
            "encoder"},
        BadExport{
            "WithPosition",
            [](TensorMap&, ModelConfig& model, DeployedModel&) { model.encoder = Family::kSwin; },
            "weights: those of another encoder: expected no absolute_pos_embed, got 1x16x8 F32; check the "
            "model's encoder"},
        BadExport{"OtherPatches",
                  [](TensorMap&, ModelConfig& model, DeployedModel&) { model.encoder = Family::kTwinsSvt; },
                  "weights: those of another encoder: expected patch_embeds.0.proj.weight, got "
                  "patch_embed.proj.weight; check the model's encoder"},
        BadExport{"OtherPositions",
                  [](TensorMap& weights, ModelConfig& model, DeployedModel&) {
                    model.encoder = Family::kPvt;
                    weights = weightsOf(model);
                    model.encoder = Family::kPvtV2;
                  },
                  "weights: those of another encoder: expected no pos_embed1, got 1x16x8 F32; check the "
                  "model's encoder"},
        BadExport{"TooLargeForOneFile",
                  [](TensorMap&, ModelConfig& model, DeployedModel&) {
                    model = ModelConfig();
                    model.name = "huge";
                    model.embedDim = 352;
                    model.classes = 1000;
                  },
                  "export: model huge at 224 px takes 2.8 GB as fp32, expected at most 2.1 (one ONNX file); "
                  "store the weights as float16: --weights fp16"}),
    [](const auto& tested) { return tested.param.name; });

TEST(OnnxExport, LabelsNeedAHeadWithClasses) {
  DeployedModel about;
  about.labels = {"a", "b", "c"};
  const TempFolder folder;
  MIXMIM_EXPECT_ERROR(
      exportOnnx(folder / "model.onnx", weightsOf(smallest()), smallest(), about, {Head::kPyramid, {}}),
      "labels: expected none for the head pyramid, got 3");
}

TEST(OnnxExport, SizeIsKnownFromTheDimensions) {
  const auto sized = [](int embedDim, int imageSize) {
    ModelConfig model;
    model.name = std::to_string(embedDim);
    model.embedDim = embedDim;
    model.imageSize = {imageSize, imageSize};
    model.classes = 1000;
    return model;
  };
  const ExportOptions whole, half{Head::kLogits, {11, WeightType::kFloat16}};
  EXPECT_NO_THROW(checkExportSize(sized(128, 384), whole));
  EXPECT_NO_THROW(checkExportSize(sized(192, 384), whole));
  EXPECT_NO_THROW(checkExportSize(sized(352, 224), half));
  EXPECT_NO_THROW(checkExportSize(sized(352, 384), half));
  MIXMIM_EXPECT_ERROR(
      checkExportSize(sized(352, 384), whole),
      "export: model 352 at 384 px takes 3.7 GB as fp32, expected at most 2.1 (one ONNX file); "
      "store the weights as float16: --weights fp16");
  MIXMIM_EXPECT_ERROR(
      checkExportSize(sized(704, 224), half),
      "export: model 704 at 224 px takes 5.4 GB as fp16, expected at most 2.1 (one ONNX file); "
      "export a smaller model");
}

/// Every shifted window has a mask of its own: more numbers than the parameters.
TEST(OnnxExport, MasksCountAsNumbers) {
  ModelConfig model;
  model.encoder = Family::kSwin;
  model.imageSize = {2048, 2048};
  model.classes = 1000;
  EXPECT_NO_THROW(checkExportSize(model, {}));
  model.window = 14;
  MIXMIM_EXPECT_ERROR(
      checkExportSize(model, {}),
      "export: model base at 2048 px takes 4.8 GB as fp32, expected at most 2.1 (one ONNX file); "
      "export a smaller model");
}

/// Of every stage of PVT, a gain and a shift for each token.
TEST(OnnxExport, PositionsCountAsNumbers) {
  ModelConfig model = modelNamed("pvt_large");
  EXPECT_NO_THROW(checkExportSize(model, {}));
  model.imageSize = {8192, 8192};
  MIXMIM_EXPECT_ERROR(
      checkExportSize(model, {}),
      "export: model pvt_large at 8192 px takes 4.4 GB as fp32, expected at most 2.1 (one ONNX file); "
      "export a smaller model");
}

TEST(OnnxExport, SaysWhereItCannotWrite) {
  const TempFolder folder;
  const std::string path = folder / "missing" / "model.onnx";
  MIXMIM_EXPECT_ERROR(exportOnnx(path, weightsOf(smallest()), smallest(), {}),
                      (path + ": cannot be created: No such file or directory").c_str());
}

}  // namespace
}  // namespace cv::mixmim::test
