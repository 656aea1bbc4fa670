// The classifier as an application meets it, loaded from the build tree.
#include "opencv2/mixmim/classifier.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <dnnl.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "model/reference_forward.hpp"
#include "model_io/onnx/export.hpp"
#include "model_io/onnx/file.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/parity_recipe.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/signal_storm.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

ModelConfig smallModel() {
  ModelConfig model;
  model.name = "small";
  model.imageSize = {64, 64};
  model.embedDim = 32;
  model.headDim = 16;
  model.depths = {1, 2, 4};
  model.classes = 5;
  return model;
}

cv::Mat photo(int width, int height, int kind) {
  cv::Mat picture(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      picture.at<cv::Vec3b>(y, x) = {cv::saturate_cast<uchar>(255 * x / width),
                                     cv::saturate_cast<uchar>(40 * kind),
                                     cv::saturate_cast<uchar>(255 * y / height)};
  cv::circle(picture, {width / 2, height / 2}, std::max(1, height / 3), {30.0 * kind, 200, 60}, cv::FILLED);
  return picture;
}

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The fused layers, and OpenCV's own with each of its engines.
std::vector<ClassifierOptions> everyWay() {
  std::vector<ClassifierOptions> ways(2);
  ways[1].fusedLayers = false;
  if (CV_VERSION_MAJOR >= 5)
    for (const int engine : {1, 2, 3}) {
      ways.push_back(ways[1]);
      ways.back().engine = engine;
    }
  return ways;
}

std::string nameOf(const ClassifierOptions& options) {
  return fmt::format("{}, engine {}", options.fusedLayers ? "fused" : "stock", options.engine);
}

class ClassifierTest : public ::testing::Test {
 protected:
  ClassifierTest()
      : weights_(test::recipeWeights(smallModel(), Task::kFinetune, 1)),
        file_((folder_ / "model.onnx").string()) {
    DeployedModel about;
    about.labels = {"ant", "bee", "cat", "dog", "eel"};
    exportOnnx(file_, weights_, smallModel(), about);
  }

  /// What the unfolded weights answer to a picture.
  cv::Mat expected(const cv::Mat& picture) const {
    Resampler resampler;
    cv::Mat seen;
    evalTransform(picture, smallModel().imageSize, EvalView{}, resampler, seen);
    cv::Mat scores;
    referenceLogits(weights_, smallModel(), seen).convertTo(scores, CV_32F);
    return scores;
  }

  std::string written(const std::string& name, const std::string& bytes) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  TensorMap weights_;
  test::TempFolder folder_;
  std::string file_;
};

TEST_F(ClassifierTest, AnswersAsTheWeightsDo) {
  const std::vector<cv::Mat> pictures{photo(64, 64, 1), photo(200, 90, 2), photo(31, 400, 3), photo(1, 1, 4),
                                      photo(1200, 900, 5)};
  std::vector<cv::Mat> wanted;
  for (const cv::Mat& picture : pictures) wanted.push_back(expected(picture));
  for (const ClassifierOptions& options : everyWay()) {
    SCOPED_TRACE(nameOf(options));
    const auto classifier = Classifier::create(file_, options);
    EXPECT_EQ(classifier->inputSize(), cv::Size(64, 64));
    EXPECT_EQ(classifier->labels(), (std::vector<std::string>{"ant", "bee", "cat", "dog", "eel"}));
    for (const size_t batch : {1u, 2u, 3u, 5u, 1u}) {  // on the same network
      cv::Mat scores;
      classifier->logits(std::vector<cv::Mat>(pictures.begin(), pictures.begin() + static_cast<long>(batch)),
                         scores);
      ASSERT_EQ(scores.rows, static_cast<int>(batch));
      for (size_t i = 0; i < batch; ++i)
        EXPECT_LT(cv::norm(scores.row(static_cast<int>(i)), wanted[i], cv::NORM_INF), 1e-4)
            << batch << ' ' << i;
    }
  }
}

/// The head is a linear map of the features.
TEST_F(ClassifierTest, GivesTheFeaturesItsScoresAreMadeOf) {
  const std::vector<cv::Mat> pictures{photo(64, 64, 1), photo(200, 90, 2), photo(31, 400, 3)};
  const Tensor &weight = weights_.at("head.weight"), &bias = weights_.at("head.bias");
  const cv::Mat head(5, static_cast<int>(weight.shape[1]), CV_32F, weight.bytes.data);
  const cv::Mat constant(1, 5, CV_32F, bias.bytes.data);
  for (const ClassifierOptions& options : everyWay()) {
    SCOPED_TRACE(nameOf(options));
    const auto classifier = Classifier::create(file_, options);
    EXPECT_EQ(classifier->featureSize(), head.cols);
    cv::Mat features, scores;
    classifier->logits(pictures, scores);
    classifier->features(pictures, features);
    ASSERT_EQ(features.size(), cv::Size(head.cols, 3));
    const cv::Mat expected = features * head.t() + cv::repeat(constant, 3, 1);
    EXPECT_LT(cv::norm(scores, expected, cv::NORM_INF), 1e-4);
  }
}

TEST_F(ClassifierTest, TakesEveryHeadThatIsOneVector) {
  const cv::Mat picture = photo(200, 90, 2);
  Resampler resampler;
  cv::Mat seen;
  evalTransform(picture, smallModel().imageSize, EvalView{}, resampler, seen);
  for (const ClassifierOptions& options : everyWay())
    for (const Head head : {Head::kLogits, Head::kProbabilities, Head::kFeatures}) {
      SCOPED_TRACE(std::string(nameOf(head)) + ", " + nameOf(options));
      ExportOptions about;
      about.head = head;
      const std::string path = (folder_ / "head.onnx").string();
      exportOnnx(path, weights_, smallModel(), {}, about);
      const auto classifier = Classifier::create(path, options);  // replays the golden pair of this head
      cv::Mat features, expected;
      classifier->features(picture, features);
      referenceOutputs(weights_, smallModel(), Head::kFeatures, seen).front().convertTo(expected, CV_32F);
      EXPECT_LT(cv::norm(features, expected.reshape(1, 1), cv::NORM_INF), 1e-4);
      if (head == Head::kFeatures) {
        const std::string message = path +
                                    ": expected a model that names classes, got one with the head features; "
                                    "export it with --head logits";
        MIXMIM_EXPECT_ERROR(classifier->classify(picture), message.c_str());
        continue;
      }
      referenceOutputs(weights_, smallModel(), Head::kProbabilities, seen)
          .front()
          .convertTo(expected, CV_32F);
      for (const Prediction& guess : classifier->classify(picture))
        EXPECT_NEAR(guess.probability, expected.at<float>(guess.index), 1e-5);
    }
}

/// Each label has a probability of its own, whichever head the file has.
TEST_F(ClassifierTest, TellsSeveralLabels) {
  const cv::Mat picture = photo(200, 90, 2), scores = expected(picture);
  ModelConfig model = smallModel();
  model.labels = Labelling::kSeveral;
  const std::string path = (folder_ / "several.onnx").string();
  for (const ClassifierOptions& options : everyWay())
    for (const Head head : {Head::kLogits, Head::kProbabilities}) {
      SCOPED_TRACE(std::string(nameOf(head)) + ", " + nameOf(options));
      DeployedModel about;
      about.labels = {"ant", "bee", "cat", "dog", "eel"};
      exportOnnx(path, weights_, model, about, {head, {}});
      const auto classifier = Classifier::create(path, options);  // replays the golden pair of this head
      EXPECT_TRUE(classifier->severalLabels());
      cv::Mat answered;
      classifier->logits(picture, answered);
      EXPECT_LT(cv::norm(answered, scores, cv::NORM_INF), 1e-4);
      for (const Prediction& guess : classifier->classify(picture))
        EXPECT_NEAR(guess.probability, 1 / (1 + std::exp(-scores.at<float>(guess.index))), 1e-5);
    }
  EXPECT_EQ(readOnnxFile(path).metadata.at("model_info multilabel"), "True");
  EXPECT_EQ(readOnnxFile(path).metadata.at("mixmim.output"),
            "probabilities, N x classes: each from 0 to 1 by itself");
  EXPECT_FALSE(Classifier::create(file_)->severalLabels());
}

TEST_F(ClassifierTest, FlippingIsTheMeanOverTwoMirrorImages) {
  ClassifierOptions options;
  options.flip = true;
  Resampler resampler;
  cv::Mat seen, mirrored, expected, scores;
  evalTransform(photo(100, 80, 2), smallModel().imageSize, EvalView{}, resampler, seen);
  cv::flip(seen, mirrored, 1);
  const cv::Mat one = referenceLogits(weights_, smallModel(), seen);
  const cv::Mat other = referenceLogits(weights_, smallModel(), mirrored);
  cv::Mat((one + other) / 2).convertTo(expected, CV_32F);
  Classifier::create(file_, options)->logits(photo(100, 80, 2), scores);
  EXPECT_GT(cv::norm(one, other, cv::NORM_INF), 1e-3);
  EXPECT_LT(cv::norm(scores, expected, cv::NORM_INF), 1e-5);
}

TEST_F(ClassifierTest, RefusesWhatCannotBeHad) {
  ClassifierOptions engine, int8;
  engine.engine = 2;
  engine.backend = 5;
  engine.target = 6;
  int8.int8 = true;
  int8.fusedLayers = false;
  const std::string message =
      (CV_VERSION_MAJOR < 5
           ? "dnn_network: expected OpenCV 5 for a choice of engine, got OpenCV " + cv::getVersionString()
           : "dnn_network: expected the classic engine (1) for backend/target 5/6, got engine 2") +
      "; leave ClassifierOptions::engine at 0";
  MIXMIM_EXPECT_ERROR(Classifier::create(file_, engine), message.c_str());
  if (CV_VERSION_MAJOR >= 5 && cv::getBuildInformation().find("ONNX Runtime:") == std::string::npos) {
    ClassifierOptions onnxRuntime;
    onnxRuntime.engine = 4;
    const std::string without =
        "dnn_network: expected an OpenCV with ONNX Runtime for engine 4, got OpenCV " +
        cv::getVersionString() + " without it; leave ClassifierOptions::engine at 0";
    MIXMIM_EXPECT_ERROR(Classifier::create(file_, onnxRuntime), without.c_str());
  }
  MIXMIM_EXPECT_ERROR(Classifier::create(file_, int8),
                      "dnn_network: expected fused layers on the CPU for 8-bit products, got OpenCV's own "
                      "layers; leave backend, target and engine at 0 and fusedLayers on");
}

/// Of so many classifications by each of eight threads, those with another answer than alone.
int wrongAnswers(Classifier& classifier, int classifications) {
  constexpr int kThreads = 8;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int k = 0; k < kThreads; ++k) {
    const Prediction wanted = classifier.classify(photo(80, 60, k)).front();
    threads.emplace_back([&classifier, &wrong, wanted, classifications, k] {
      for (int i = 0; i < classifications; ++i) {
        const Prediction best = classifier.classify(photo(80, 60, k)).front();
        wrong += best.index != wanted.index || std::abs(best.probability - wanted.probability) > 1e-6f;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

TEST_F(ClassifierTest, ServesEightThreadsAtOnceInTheSameMemory) {
  const char* wanted = std::getenv("MIXMIM_TEST_CLASSIFICATIONS");  // for a longer run by hand
  const int classifications = wanted ? std::stoi(wanted) : 50;
  const auto classifier = Classifier::create(file_);
  EXPECT_EQ(wrongAnswers(*classifier, 25), 0);
  [[maybe_unused]] const size_t before = test::residentMemory();
  EXPECT_EQ(wrongAnswers(*classifier, classifications), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep memory of their own
  constexpr size_t kNoise = 3 << 20;
  EXPECT_LT(test::residentMemory(), before + kNoise);
#endif
}

TEST_F(ClassifierTest, LeavesTheHostsSettingsAlone) {
  const int threads = cv::getNumThreads();
  Classifier::create(file_)->classify(photo(64, 64, 1));
  EXPECT_EQ(cv::getNumThreads(), threads);
}

/// On processors without AVX-512, oneDNN's products borrow the stack pointer.
TEST_F(ClassifierTest, SignalsOfTheHostDoNoHarm) {
  ASSERT_EQ(dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2), dnnl::status::success)
      << "must be alone in its process";
  setenv("MIXMIM_KERNELS", "avx2", /*overwrite=*/1);
  const auto classifier = Classifier::create(file_);
  cv::Mat calm, disturbed;
  classifier->logits(photo(80, 60, 1), calm);
  const test::SignalStorm storm;
  while (test::SignalStorm::handled() < 2000) classifier->logits(photo(80, 60, 1), disturbed);
  EXPECT_EQ(test::SignalStorm::astray(), 0);
  EXPECT_EQ(cv::norm(calm, disturbed, cv::NORM_INF), 0);
}

/// Any file that is not exactly what was exported must be refused with a message that names it, whatever is
/// wrong with it.
TEST_F(ClassifierTest, RefusesDamagedFilesAndLives) {
  const std::string bytes = contentOf(file_);
  const std::vector<std::pair<std::string, std::string>> files{
      {"empty.onnx", ""},
      {"text.onnx", "hello"},
      {"half.onnx", bytes.substr(0, bytes.size() / 2)},
      {"short.onnx", bytes.substr(0, bytes.size() - 1)},
      {"tail.onnx", bytes + "x"}};
  for (const auto& [name, content] : files) {
    const std::string path = written(name, content);
    try {
      Classifier::create(path);
      ADD_FAILURE() << name << " was accepted";
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).rfind(path + ":", 0), 0u) << e.what();
    }
  }
  MIXMIM_EXPECT_ERROR(Classifier::create("/nowhere.onnx"),
                      "/nowhere.onnx: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace cv::mixmim
