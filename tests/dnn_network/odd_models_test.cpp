// Models that are not what `mixmim export` writes: foreign, changed, without labels, with a wrong answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "model_io/onnx/builder.hpp"
#include "model_io/onnx/export.hpp"
#include "model_io/onnx/file.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

constexpr int kSide = 16, kClasses = 3;

ModelConfig smallestModel() {
  ModelConfig model;
  model.imageSize = {kSide, kSide};
  model.embedDim = 8;
  model.headDim = 8;
  model.depths = {1, 1};
  model.classes = kClasses;
  return model;
}

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class OddModels : public ::testing::Test {
 protected:
  /// A real model.
  std::string exported(const std::string& name, const std::vector<std::string>& labels = {}) const {
    const std::string path = folder_ / name;
    DeployedModel about;
    about.labels = labels;
    exportOnnx(path, test::recipeWeights(smallestModel(), Task::kFinetune, 1), smallestModel(), about);
    return path;
  }

  /// A model of one layer that gives `outputs` numbers, all of them `bias`, and says of itself what `about`
  /// says.
  std::string linear(const std::string& name, int outputs, float bias, DeployedModel about) const {
    constexpr int kInputs = 3 * kSide * kSide;
    OnnxBuilder net("linear");
    const std::string pixels = net.reshape("pixels", net.input("image", {3, kSide, kSide}), {-1, kInputs});
    Tensor biases = Tensor::zeros({outputs});
    std::fill_n(biases.as<float>(), outputs, bias);
    net.output(net.gemm("logits", pixels, Tensor::zeros({outputs, kInputs}), biases), {outputs});
    return described(name, net, std::move(about));
  }

  /// Writes a network with a description.
  std::string described(const std::string& name, OnnxBuilder& net, DeployedModel about) const {
    about.inputSize = {kSide, kSide};
    about.goldenInput = cv::Mat(kSide, kSide, CV_8UC3, cv::Scalar::all(100));
    about.goldenOutput = cv::Mat(1, kClasses, CV_32F, cv::Scalar(1));
    about.graphHash = net.graphHash();
    for (const auto& [key, value] : metadataOf(about)) net.metadata(key, value);
    return written(name, net);
  }

  std::string written(const std::string& name, const OnnxBuilder& net) const {
    std::string bytes;
    net.write([&](const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); });
    test::writeFile(folder_ / name, bytes);
    return folder_ / name;
  }

  test::TempFolder folder_;
};

ClassifierOptions trusting() {
  ClassifierOptions options;
  options.replayGolden = false;
  return options;
}

/// For networks that are not MixMIM's.
ClassifierOptions stock(bool replayGolden = true) {
  ClassifierOptions options;
  options.replayGolden = replayGolden;
  options.fusedLayers = false;
  return options;
}

cv::Mat frame() {
  return test::picture({40, 30});
}

TEST_F(OddModels, WithoutLabelsClassesAreNumbers) {
  const auto classifier = Classifier::create(exported("unnamed.onnx"));
  EXPECT_EQ(classifier->labels(), (std::vector<std::string>{"0", "1", "2"}));
  const Prediction best = classifier->classify(frame()).front();
  EXPECT_EQ(best.label, std::to_string(best.index));
}

TEST_F(OddModels, NamesMayBeInAnyAlphabet) {
  const std::vector<std::string> labels{"Kätzchen", "猫", "quote \" backslash \\"};
  EXPECT_EQ(Classifier::create(exported("labels.onnx", labels))->labels(), labels);
  EXPECT_NO_THROW(Classifier::create(exported("modèle.onnx")));
  EXPECT_NO_THROW(Classifier::create(exported("mod\xe8le \"latin1\".onnx")));
}

/// A file that the first version of mixmim exported; its own test picture says what it must answer.
TEST_F(OddModels, OfTheOldestFormatAnswerAsTheyDid) {
  const std::string path = MIXMIM_GOLDEN_DIR "/onnx/format_1";
  EXPECT_FALSE(readDeployedModel(path).model) << "it says which model it is, so it is no old file";
  for (const bool fused : {true, false}) {
    SCOPED_TRACE(fused);
    ClassifierOptions options;
    options.fusedLayers = fused;
    EXPECT_EQ(Classifier::create(path, options)->classify(frame()).size(), 3u);
  }
}

TEST_F(OddModels, OfOthersAreRefused) {
  OnnxBuilder net("foreign");
  net.output(net.reshape("logits", net.input("image", {3, 1, 1}), {-1, 3}), {3});
  const std::string path = written("foreign.onnx", net);
  const std::string message = path +
                              ": not written by mixmim, expected metadata \"mixmim.format\", got none; make "
                              "the file with mixmim export";
  MIXMIM_EXPECT_ERROR(Classifier::create(path), message.c_str());
}

TEST_F(OddModels, WithMapsForAHeadAreRefused) {
  DeployedModel about;
  about.head = Head::kPyramid;
  const std::string path = linear("pyramid.onnx", kClasses, 1.f, about);
  const std::string message =
      path +
      ": expected a model with the head logits, probabilities or features, got pyramid; run it "
      "with cv::dnn::readNetFromONNX, or export another head";
  MIXMIM_EXPECT_ERROR(Classifier::create(path), message.c_str());
}

TEST_F(OddModels, OfAnOlderVersionHaveNoFeatures) {
  const std::string path = linear("older.onnx", kClasses, 1.f, {});
  cv::Mat vectors;
  const std::string message =
      path +
      ": the model's features, expected metadata \"mixmim.featureAffine\", got none; export the model anew";
  MIXMIM_EXPECT_ERROR(Classifier::create(path, stock())->features(frame(), vectors), message.c_str());
}

TEST_F(OddModels, MustGiveOneNumberPerClass) {
  EXPECT_EQ(Classifier::create(linear("right.onnx", kClasses, 1.f, {}), stock())->labels().size(), 3u);

  const std::string path = linear("two.onnx", kClasses - 1, 1.f, {});
  const std::string message =
      path + ": the network's answer, expected 1 x 3 numbers, got 1 x 2; export the model anew";
  MIXMIM_EXPECT_ERROR(Classifier::create(path, stock()), message.c_str());
  const auto classifier = Classifier::create(path, stock(false));
  MIXMIM_EXPECT_ERROR(classifier->classify(frame()), message.c_str());
}

TEST_F(OddModels, MustReproduceTheirTestPicture) {
  const std::pair<float, const char*> cases[] = {
      {1.5f, "5.0e-01"},  // the description says 1
      {1.002f, "2.0e-03"},
      {std::numeric_limits<float>::quiet_NaN(), "inf"},
  };
  for (const auto& [answer, difference] : cases) {
    SCOPED_TRACE(answer);
    const std::string path = linear("off.onnx", kClasses, answer, {});
    const std::string message = fmt::format(
        "{}: OpenCV {} does not reproduce the model's test picture, expected a difference of at most "
        "1.0e-03, "
        "got {}; the file is damaged, or this OpenCV computes it wrongly: try another backend",
        path, cv::getVersionString(), difference);
    MIXMIM_EXPECT_ERROR(Classifier::create(path, stock()), message.c_str());
    EXPECT_NO_THROW(Classifier::create(path, stock(false)));
  }
  EXPECT_NO_THROW(Classifier::create(linear("near.onnx", kClasses, 1.0005f, {}), stock()));
}

TEST_F(OddModels, ChangedWeightsAreNoticedEvenWithoutTheTestPicture) {
  const std::string path = exported("changed.onnx");
  const std::string before = readOnnxFile(path).graphHash;
  std::string bytes = contentOf(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  test::writeFile(path, bytes);
  const std::string message = fmt::format(
      "{}: the network was damaged or changed after it was exported, expected hash {}, got {}; "
      "copy the file again or export it anew",
      path, before, readOnnxFile(path).graphHash);
  MIXMIM_EXPECT_ERROR(Classifier::create(path, trusting()), message.c_str());
}

TEST_F(OddModels, CutAnywhereAreRefused) {
  const std::string whole = contentOf(exported("whole.onnx"));
  for (size_t length = 0; length < whole.size(); length += 1 + length / 3) {
    SCOPED_TRACE(length);
    const std::string path = folder_ / "cut.onnx";
    test::writeFile(path, whole.substr(0, length));
    try {
      Classifier::create(path, trusting());
      ADD_FAILURE() << "the first " << length << " bytes were accepted";
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).rfind(path + ": ", 0), 0u) << e.what();
    }
  }
}

TEST_F(OddModels, ThatOpenCvCannotImportAreRefusedWithItsReason) {
  OnnxBuilder net("impossible");
  const std::string tooFew = net.reshape("pixels", net.input("image", {3, kSide, kSide}), {-1, 7, 11});
  net.output(net.softmax("logits", tooFew, 9), {7, 11});
  const std::string path = described("impossible.onnx", net, {});
  try {
    Classifier::create(path, stock());
    ADD_FAILURE() << "the network was accepted";
  } catch (const Error& e) {
    EXPECT_EQ(
        std::string(e.what()).rfind(fmt::format("{}: OpenCV {} cannot ", path, cv::getVersionString()), 0),
        0u)
        << e.what();
  }
}

TEST_F(OddModels, ABackendThatIsNotThereIsAnError) {
  ClassifierOptions options;
  options.backend = 999;
  options.target = 7;
  try {
    Classifier::create(exported("model.onnx"), options);
    ADD_FAILURE() << "there is no such backend";
  } catch (const Error& e) {
    const std::string message = e.what();
    EXPECT_EQ(message.rfind("dnn_network: expected a backend/target that OpenCV ", 0), 0u) << message;
    EXPECT_NE(message.find("(0/0, "), std::string::npos) << message;
    EXPECT_EQ(message.substr(message.size() - 11), ", got 999/7") << message;
  }
}

}  // namespace
}  // namespace cv::mixmim
