// What may be given to a Classifier, and what is said about the rest. The classifier of these tests computes
// nothing: all of this happens before an implementation sees a picture.
#include "opencv2/mixmim/classifier.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"

namespace cv::mixmim {
namespace {

/// Keeps what it was given, and scores class c of every picture with c.
class Recorder final : public Classifier {
 public:
  Recorder() {
    labels_ = {"none", "one", "two"};
    inputSize_ = 8;
  }
  std::vector<cv::Mat> seen;

 private:
  cv::Mat doLogits(const std::vector<cv::Mat>& images) override {
    seen = images;
    cv::Mat scores(static_cast<int>(images.size()), 3, CV_32F);
    for (int c = 0; c < scores.cols; ++c) scores.col(c) = static_cast<float>(c);
    return scores;
  }
  cv::Mat doFeatures(const std::vector<cv::Mat>& images) override {
    return cv::Mat(static_cast<int>(images.size()), 4, CV_32F, cv::Scalar(1));
  }
};

cv::Mat volume() {
  const int sides[] = {2, 8, 8};
  return cv::Mat(3, sides, CV_8UC3, cv::Scalar::all(0));
}

struct RefusedCase {
  const char* name;
  std::function<void(Classifier&)> call;
  const char* message;
};

TEST(ClassifierInterface, AreRefusedWithAReason) {
  const RefusedCase cases[] = {
      {"empty", [](Classifier& c) { c.classify(cv::Mat()); },
       "Classifier: image 0 is empty; was the file read?"},
      {"empty in a list",
       [](Classifier& c) {
         c.classifyBatch(std::vector<cv::Mat>{test::picture({4, 4}), {}});
       },
       "Classifier: image 1 is empty; was the file read?"},
      {"no picture", [](Classifier& c) { c.classifyBatch(std::vector<cv::Mat>()); },
       "Classifier: expected at least one image, got none"},
      {"nothing", [](Classifier& c) { c.classify(cv::noArray()); },
       "Classifier: expected at least one image, got none"},
      {"float", [](Classifier& c) { c.classify(cv::Mat::zeros(8, 8, CV_32FC3)); },
       "Classifier: expected 8 bits and 1, 3 or 4 channels, got CV_32FC3 in image 0"},
      {"16 bits", [](Classifier& c) { c.classify(cv::Mat::zeros(8, 8, CV_16UC1)); },
       "Classifier: expected 8 bits and 1, 3 or 4 channels, got CV_16UC1 in image 0"},
      {"two channels", [](Classifier& c) { c.classify(cv::Mat::zeros(8, 8, CV_8UC2)); },
       "Classifier: expected 8 bits and 1, 3 or 4 channels, got CV_8UC2 in image 0"},
      {"a volume", [](Classifier& c) { c.classify(volume()); },
       "Classifier: expected a picture of 2 dimensions, got 3 in image 0"},
      {"a file", [](Classifier& c) { c.classify(std::vector<uchar>(100)); },
       "Classifier: expected a cv::Mat, a cv::UMat or a list of them, got another kind of array; decode "
       "files "
       "with cv::imread or cv::imdecode"},
      {"a list for one", [](Classifier& c) { c.classify(std::vector<cv::Mat>(2)); },
       "Classifier: classify expected one image, got a list; call classifyBatch"},
      {"no guess",
       [](Classifier& c) {
         c.classify(test::picture({4, 4}), 0);
       },
       "Classifier: expected topK of at least 1, got 0"},
      {"fewer",
       [](Classifier& c) {
         c.classify(test::picture({4, 4}), -5);
       },
       "Classifier: expected topK of at least 1, got -5"},
  };
  for (const RefusedCase& c : cases) {
    SCOPED_TRACE(c.name);
    Recorder recorder;
    MIXMIM_EXPECT_ERROR((c.call(recorder), 0), c.message);
    EXPECT_TRUE(recorder.seen.empty());
  }
}

TEST(ClassifierInterface, ArriveAsThreeChannels) {
  const cv::Mat colour = test::picture({7, 5});
  cv::Mat grey(5, 7, CV_8U), alpha(5, 7, CV_8U, cv::Scalar(9)), transparent, greyAsColour;
  cv::randu(grey, 0, 256);
  cv::merge(std::vector<cv::Mat>{grey, grey, grey}, greyAsColour);
  std::vector<cv::Mat> planes;
  cv::split(colour, planes);
  planes.push_back(alpha);
  cv::merge(planes, transparent);

  Recorder recorder;
  recorder.classifyBatch(std::vector<cv::Mat>{colour, grey, transparent, colour(cv::Rect(1, 2, 3, 2))});
  ASSERT_EQ(recorder.seen.size(), 4u);
  EXPECT_TRUE(test::equal(recorder.seen[0], colour));
  EXPECT_TRUE(test::equal(recorder.seen[1], greyAsColour));
  EXPECT_TRUE(test::equal(recorder.seen[2], colour));
  EXPECT_TRUE(test::equal(recorder.seen[3], colour(cv::Rect(1, 2, 3, 2))));
}

TEST(ClassifierInterface, ComeInEveryContainerOfOpenCv) {
  const cv::Mat picture = test::picture({7, 5});
  const cv::UMat onDevice = picture.getUMat(cv::ACCESS_READ);
  Recorder recorder;
  recorder.classify(picture);
  recorder.classify(onDevice);
  EXPECT_TRUE(test::equal(recorder.seen.at(0), picture));
  recorder.classify(cv::Mat_<cv::Vec3b>(picture));
  EXPECT_TRUE(test::equal(recorder.seen.at(0), picture));
  EXPECT_EQ(recorder.classifyBatch(picture).size(), 1u);
  EXPECT_EQ(recorder.classifyBatch(std::array<cv::Mat, 2>{picture, picture}).size(), 2u);
  EXPECT_EQ(recorder.classifyBatch(std::vector<cv::UMat>(3, onDevice)).size(), 3u);
}

TEST(ClassifierInterface, ProbabilitiesAreASoftmaxBestFirst) {
  Recorder recorder;
  const auto lists = recorder.classifyBatch(std::vector<cv::Mat>(2, test::picture({4, 4})), 99);
  ASSERT_EQ(lists.size(), 2u);
  const double sum = 1 + std::exp(1.) + std::exp(2.);
  for (const auto& guesses : lists) {
    ASSERT_EQ(guesses.size(), 3u);
    for (int rank = 0; rank < 3; ++rank) {
      const Prediction& guess = guesses[static_cast<size_t>(rank)];
      EXPECT_EQ(guess.index, 2 - rank);
      EXPECT_EQ(guess.label, recorder.labels()[static_cast<size_t>(guess.index)]);
      EXPECT_NEAR(guess.probability, std::exp(2. - rank) / sum, 1e-6);
    }
  }
  EXPECT_EQ(recorder.classify(test::picture({4, 4}), 2).size(), 2u);
}

}  // namespace
}  // namespace cv::mixmim
