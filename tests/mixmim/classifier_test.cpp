// What a Classifier makes of pictures before a network sees them, and of the numbers that come back.
#include "opencv2/mixmim/classifier.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <type_traits>

#include "opencv2/mixmim/preprocess.hpp"
#include "tests/mixmim/scripted_network.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tagged.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using test::ScriptedNetwork;

static_assert(std::is_aggregate_v<ClassifierOptions>, "programs write ClassifierOptions{}");

/// Scores class c of every picture with c.
std::shared_ptr<ScriptedNetwork> countingNetwork() {
  auto network = std::make_shared<ScriptedNetwork>();
  network->scores = [](const std::vector<cv::Mat>& inputs) {
    cv::Mat scores(static_cast<int>(inputs.size()), 3, CV_32F);
    for (int c = 0; c < scores.cols; ++c) scores.col(c) = static_cast<float>(c);
    return scores;
  };
  return network;
}

cv::Mat rowOf(const std::vector<float>& numbers) {
  return cv::Mat(numbers, /*copyData=*/true).reshape(1, 1);
}

/// What a network of 8 x 8 is shown.
cv::Mat shown(const cv::Mat& picture) {
  Resampler resampler;
  cv::Mat input;
  evalTransform(picture, {8, 8}, EvalView{}, resampler, input);
  return input;
}

cv::Mat volume() {
  const int sides[] = {2, 8, 8};
  return cv::Mat(3, sides, CV_8UC3, cv::Scalar::all(0));
}

/// A file is shown to the network as the pictures of its training were.
TEST(Classifier, GivesEveryOneOfSeveralLabelsItsProbability) {
  NetworkDescription description = test::scriptedDescription({"none", "one", "two"});
  description.severalLabels = true;
  const auto network = std::make_shared<ScriptedNetwork>(description);
  network->scores = countingNetwork()->scores;
  Classifier classifier(network);
  EXPECT_TRUE(classifier.severalLabels());
  const auto guesses = classifier.classify(cv::Mat(8, 8, CV_8UC3, cv::Scalar::all(9)));
  ASSERT_EQ(guesses.size(), 3u);
  for (const Prediction& guess : guesses)
    EXPECT_FLOAT_EQ(guess.probability, 1 / (1 + std::exp(-static_cast<float>(guess.index))));
  EXPECT_EQ(guesses.front().label, "two");
}

TEST(Classifier, ReadsAFileAsItsTrainingDid) {
  const test::TempFolder folder;
  const std::string path = (folder.path() / "sideways.png").string();
  const std::vector<uint8_t> file = test::tagged(test::encoded(test::picture({20, 12}), ".png"), 6);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  for (const Orientation orientation : {Orientation::kIgnore, Orientation::kApply}) {
    NetworkDescription description = test::scriptedDescription({"none", "one", "two"});
    description.orientation = orientation;
    const auto network = std::make_shared<ScriptedNetwork>(description);
    network->scores = countingNetwork()->scores;
    Classifier classifier(network);
    cv::Mat expected = test::picture({20, 12});
    if (orientation == Orientation::kApply) turn(expected.clone(), 6, expected);
    EXPECT_EQ(classifier.orientation(), orientation);
    EXPECT_TRUE(test::equal(classifier.readPicture(path), expected));
    EXPECT_EQ(classifier.classifyFile(path, 1).front().label, "two");
    EXPECT_TRUE(test::equal(network->seen.back().front(), shown(expected)));
  }
  MIXMIM_EXPECT_ERROR(Classifier(countingNetwork()).classifyFile("none.jpg"), "none.jpg: cannot be read");
}

struct RefusedCase {
  const char* name;
  std::function<void(Classifier&)> call;
  const char* message;
};

TEST(Classifier, RefusesOtherThanPicturesWithAReason) {
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
       "files with cv::imread or cv::imdecode"},
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
    const auto network = countingNetwork();
    Classifier classifier(network);
    MIXMIM_EXPECT_ERROR((c.call(classifier), 0), c.message);
    EXPECT_TRUE(network->seen.empty());
  }
}

TEST(Classifier, ShowsPicturesInThreeChannelsAndTheNetworksSize) {
  const cv::Mat colour = test::picture({7, 5});
  cv::Mat grey(5, 7, CV_8U), alpha(5, 7, CV_8U, cv::Scalar(9)), transparent, greyAsColour;
  cv::randu(grey, 0, 256);
  cv::merge(std::vector<cv::Mat>{grey, grey, grey}, greyAsColour);
  std::vector<cv::Mat> planes;
  cv::split(colour, planes);
  planes.push_back(alpha);
  cv::merge(planes, transparent);

  const auto network = countingNetwork();
  const cv::Mat part = colour(cv::Rect(1, 2, 3, 2));
  Classifier(network).classifyBatch(std::vector<cv::Mat>{colour, grey, transparent, part});
  ASSERT_EQ(network->seen.size(), 1u);
  const std::vector<cv::Mat> expected{shown(colour), shown(greyAsColour), shown(colour), shown(part)};
  ASSERT_EQ(network->seen[0].size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(test::equal(network->seen[0][i], expected[i])) << "picture " << i;
}

TEST(Classifier, TakesEveryContainerOfOpenCv) {
  const cv::Mat picture = test::picture({7, 5});
  const cv::UMat onDevice = picture.getUMat(cv::ACCESS_READ);
  const auto network = countingNetwork();
  Classifier classifier(network);
  classifier.classify(picture);
  classifier.classify(onDevice);
  classifier.classify(cv::Mat_<cv::Vec3b>(picture));
  for (const auto& inputs : network->seen) EXPECT_TRUE(test::equal(inputs.at(0), shown(picture)));
  EXPECT_EQ(classifier.classifyBatch(picture).size(), 1u);
  EXPECT_EQ(classifier.classifyBatch(std::array<cv::Mat, 2>{picture, picture}).size(), 2u);
  EXPECT_EQ(classifier.classifyBatch(std::vector<cv::UMat>(3, onDevice)).size(), 3u);
}

/// The share of a picture that is shown is the network's own.
TEST(Classifier, CutsAsTheNetworkSays) {
  NetworkDescription description = test::scriptedDescription({});
  description.evalView.crop = 0.5;
  const auto network = std::make_shared<ScriptedNetwork>(description);
  network->vectors = [](const auto&) { return cv::Mat(cv::Mat::ones(1, 4, CV_32F)); };
  cv::Mat vectors, expected;
  Classifier(network).features(test::picture({40, 30}), vectors);
  Resampler resampler;
  evalTransform(test::picture({40, 30}), {8, 8}, EvalView{EvalRule::kOfficial, 0.5}, resampler, expected);
  EXPECT_TRUE(test::equal(network->seen.at(0).at(0), expected));
}

TEST(Classifier, ProbabilitiesAreASoftmaxBestFirst) {
  Classifier classifier(countingNetwork());
  const auto lists = classifier.classifyBatch(std::vector<cv::Mat>(2, test::picture({4, 4})), 99);
  ASSERT_EQ(lists.size(), 2u);
  const double sum = 1 + std::exp(1.) + std::exp(2.);
  for (const auto& guesses : lists) {
    ASSERT_EQ(guesses.size(), 3u);
    for (int rank = 0; rank < 3; ++rank) {
      const Prediction& guess = guesses[static_cast<size_t>(rank)];
      EXPECT_EQ(guess.index, 2 - rank);
      EXPECT_EQ(guess.label, classifier.labels()[static_cast<size_t>(guess.index)]);
      EXPECT_NEAR(guess.probability, std::exp(2. - rank) / sum, 1e-6);
    }
  }
  EXPECT_EQ(classifier.classify(test::picture({4, 4}), 2).size(), 2u);
}

TEST(Classifier, LargeScoresStayProbabilitiesAndTiesKeepTheirOrder) {
  const auto network = countingNetwork();
  network->scores = [](const auto&) { return rowOf({1000, 2000, 2000}); };
  const auto guesses = Classifier(network).classify(test::picture({4, 4}));
  ASSERT_EQ(guesses.size(), 3u);
  for (int rank = 0; rank < 3; ++rank) {
    constexpr int kOrder[] = {1, 2, 0};
    EXPECT_EQ(guesses[static_cast<size_t>(rank)].index, kOrder[rank]);
    EXPECT_EQ(guesses[static_cast<size_t>(rank)].probability, rank < 2 ? 0.5f : 0.f);
  }
}

/// The colours of the leftmost column, which a mirror image has on the right.
cv::Mat leftColours(const std::vector<cv::Mat>& inputs) {
  cv::Mat rows(static_cast<int>(inputs.size()), 3, CV_32F);
  for (int i = 0; i < rows.rows; ++i)
    for (int c = 0; c < 3; ++c) rows.at<float>(i, c) = inputs[static_cast<size_t>(i)].at<cv::Vec3b>(0, 0)[c];
  return rows;
}

TEST(Classifier, FlippingIsTheMeanOverTwoMirrorImages) {
  NetworkDescription description = test::scriptedDescription({"none", "one", "two"});
  description.featureSize = 3;
  const auto network = std::make_shared<ScriptedNetwork>(description);
  network->scores = network->vectors = leftColours;
  const std::vector<cv::Mat> pictures{test::picture({8, 8}), test::picture({20, 10}, 1)};
  std::vector<cv::Mat> inputs{shown(pictures[0]), shown(pictures[1])}, mirrored(2);
  for (size_t i = 0; i < 2; ++i) cv::flip(inputs[i], mirrored[i], 1);
  const cv::Mat expected = (leftColours(inputs) + leftColours(mirrored)) / 2;
  ASSERT_GT(cv::norm(leftColours(inputs), leftColours(mirrored)), 1)
      << "the pictures are their mirror images";

  Classifier classifier(network, /*flip=*/true);
  cv::Mat scores, vectors;
  classifier.logits(pictures, scores);
  classifier.features(pictures, vectors);
  EXPECT_EQ(cv::norm(scores, expected, cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(vectors, expected, cv::NORM_INF), 0);
  ASSERT_EQ(network->seen.size(), 4u);
  EXPECT_TRUE(test::equal(network->seen[0][1], inputs[1]));
  EXPECT_TRUE(test::equal(network->seen[1][1], mirrored[1]));
}

TEST(Classifier, RefusesNumbersThatAreNone) {
  const auto network = countingNetwork();
  Classifier classifier(network);
  cv::Mat numbers;
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    network->scores = [=](const auto&) { return rowOf({0, wrong, 0}); };
    network->vectors = [=](const auto&) { return rowOf({0, 0, 0, wrong}); };
    const char* const message =
        "Classifier: expected finite scores from the network, got others; its weights are damaged, or the "
        "backend computes it wrongly";
    MIXMIM_EXPECT_ERROR(classifier.classify(test::picture({4, 4})), message);
    MIXMIM_EXPECT_ERROR((classifier.logits(test::picture({4, 4}), numbers), 0), message);
    MIXMIM_EXPECT_ERROR((classifier.features(test::picture({4, 4}), numbers), 0),
                        "Classifier: expected finite features from the network, got others; its weights are "
                        "damaged, or the backend computes it wrongly");
  }
}

TEST(Classifier, NeedsClasses) {
  const auto encoder = std::make_shared<ScriptedNetwork>(test::scriptedDescription({}));
  MIXMIM_EXPECT_ERROR(Classifier(encoder).classify(test::picture({4, 4})),
                      "scripted: expected a model that names classes, got one with the head features; export "
                      "it with --head logits");
  EXPECT_TRUE(encoder->seen.empty());
}

TEST(Classifier, ShowsANetworkPicturesOfItsProportions) {
  NetworkDescription wide = test::scriptedDescription({"a"});
  wide.inputSize = {16, 8};
  wide.evalView.crop = 1;
  const auto network = std::make_shared<ScriptedNetwork>(wide);
  network->scores = [](const auto&) { return cv::Mat(1, 1, CV_32F, cv::Scalar(1)); };
  network->vectors = [](const auto&) { return cv::Mat(1, 4, CV_32F, cv::Scalar(1)); };
  cv::Mat tall(32, 16, CV_8UC3, cv::Scalar::all(0));  // the middle quarter of its height is seen
  tall.rowRange(12, 20).setTo(cv::Scalar::all(200));
  Classifier classifier(network);
  EXPECT_EQ(classifier.inputSize(), cv::Size(16, 8));
  classifier.classify(tall);
  ASSERT_EQ(network->seen.front().front().size(), cv::Size(16, 8));
  EXPECT_EQ(cv::norm(network->seen.front().front(), tall.rowRange(12, 20), cv::NORM_INF), 0);
}

/// A network without features says itself what its file lacks.
TEST(Classifier, PassesOnWhyThereAreNoFeatures) {
  const auto network = countingNetwork();
  network->vectors = [](const auto&) -> cv::Mat { throw Error("scripted: the features, got none"); };
  cv::Mat vectors;
  MIXMIM_EXPECT_ERROR((Classifier(network).features(test::picture({4, 4}), vectors), 0),
                      "scripted: the features, got none");
}

TEST(Classifier, OpensWhatThePluginComputes) {
  const test::TempFolder folder;
  test::writeFile(folder / "colours", std::string("sky 255 200 120\nleaf 20 200 40\n"));
  ClassifierOptions options;
  options.plugin = std::string(MIXMIM_TEST_PLUGINS) + "/fake_network.so";
  const auto classifier = Classifier::create(folder / "colours", options);
  EXPECT_EQ(classifier->labels(), (std::vector<std::string>{"sky", "leaf"}));
  EXPECT_EQ(classifier->inputSize(), cv::Size(8, 8));
  EXPECT_EQ(classifier->featureSize(), 3);
  const auto guesses = classifier->classify(cv::Mat(30, 40, CV_8UC3, cv::Scalar(30, 180, 30)));
  EXPECT_EQ(guesses.at(0).label, "leaf");
  EXPECT_EQ(guesses.at(1).label, "sky");
}

}  // namespace
}  // namespace cv::mixmim
