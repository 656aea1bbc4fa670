#include "model_io/onnx_export.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>

#include <opencv2/dnn.hpp>

#include "model_io/onnx_file.hpp"
#include "model_io/reference_forward.hpp"
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
std::vector<cv::Mat> pictures(int count, int side) {
  cv::RNG random(7);
  std::vector<cv::Mat> result;
  for (int i = 0; i < count; ++i) {
    result.emplace_back(side, side, CV_8UC3);
    random.fill(result.back(), cv::RNG::UNIFORM, 0, 256);
  }
  return result;
}

class ExportedModel : public ::testing::TestWithParam<const char*> {};

TEST_P(ExportedModel, AnswersAsTheEquationsSay) {
  const ModelConfig model = modelNamed(GetParam());
  const TensorMap weights = weightsOf(model);
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  exportOnnx(path, weights, model, {});

  constexpr int kMost = 3;
  const std::vector<cv::Mat> images = pictures(kMost, model.imageSize);
  cv::Mat expected;
  for (const cv::Mat& image : images) expected.push_back(referenceLogits(weights, model, image));
  ASSERT_GT(cv::norm(expected, cv::NORM_L2) / std::sqrt(static_cast<double>(expected.total())), 0.1)
      << "scores too small for the tolerance below";

  cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
  for (int batch : {1, 2, 3, 1}) {  // on the same network, which must forget the batch before
    const std::vector<cv::Mat> some(images.begin(), images.begin() + batch);
    net.setInput(cv::dnn::blobFromImages(some, 1.0, cv::Size(model.imageSize, model.imageSize)));
    cv::Mat logits;
    net.forward("logits").convertTo(logits, CV_64F);
    ASSERT_EQ(logits.size(), cv::Size(model.classes, batch));
    EXPECT_TRUE(cv::checkRange(logits)) << "batch " << batch;  // a NaN is no difference to cv::norm
    EXPECT_LT(cv::norm(logits, expected.rowRange(0, batch), cv::NORM_INF), 5e-5) << "batch " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Onnx, ExportedModel,
                         ::testing::Values("micro", "tiny", "small64", "patch2At32", "oneTokenAt16",
                                           "manyWindowsAt136"),
                         [](const auto& tested) { return std::string(tested.param); });

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
  about.evalCrop = 0.9;
  about.facts = {{"model", "smallest"}, {"top1", "0.75"}};
  const TempFolder folder;
  const std::string path = folder / "model.onnx";
  const ExportReport report = exportOnnx(path, weightsOf(smallest()), smallest(), about);

  const DeployedModel read = readDeployedModel(path);
  EXPECT_EQ(read.format, 1);
  EXPECT_EQ(read.inputSize, 16);
  EXPECT_EQ(read.evalCrop, 0.9);
  EXPECT_EQ(read.head, "logits");
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

TEST(OnnxExport, GoldenPictureIsAMosaic) {
  for (const char* name : {"tiny", "small64", "patch2At32"}) {
    const ModelConfig model = modelNamed(name);
    const TempFolder folder;
    const std::string path = folder / "model.onnx";
    exportOnnx(path, weightsOf(model), model, {});
    const cv::Mat picture = readDeployedModel(path).goldenInput;
    const int square = model.imageSize / 32;
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
            "exporting it"},
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
        BadExport{"TooLargeForOneFile",
                  [](TensorMap&, ModelConfig& model, DeployedModel&) {
                    model = ModelConfig();
                    model.name = "huge";
                    model.embedDim = 352;
                    model.classes = 1000;
                  },
                  "export: model huge has 659262658 parameters, expected at most 536870911 (one ONNX file "
                  "holds 2 GiB); "
                  "export a smaller model"}),
    [](const auto& tested) { return tested.param.name; });

TEST(OnnxExport, SaysWhereItCannotWrite) {
  const TempFolder folder;
  const std::string path = folder / "missing" / "model.onnx";
  MIXMIM_EXPECT_ERROR(exportOnnx(path, weightsOf(smallest()), smallest(), {}),
                      (path + ": cannot be created: No such file or directory").c_str());
}

}  // namespace
}  // namespace cv::mixmim::test
