// What a Network may be given and may answer, and how a plugin's network is opened.
#include "opencv2/mixmim/network.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "opencv2/mixmim/plugin.hpp"
#include "tests/mixmim/scripted_network.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using test::ScriptedNetwork;

const std::string kFolder = MIXMIM_TEST_PLUGINS;

cv::Mat black(cv::Size size, int type = CV_8UC3) {
  return cv::Mat::zeros(size, type);
}

cv::Mat volume() {
  const int sides[] = {2, 8, 8};
  return cv::Mat(3, sides, CV_8UC3, cv::Scalar::all(0));
}

struct InputCase {
  const char* name;
  std::vector<cv::Mat> inputs;
  const char* message;  // after the function's name
};

TEST(Network, TakesPicturesOfItsOwnSizeOnly) {
  const InputCase cases[] = {
      {"none", {}, "expected at least one picture, got none"},
      {"empty", {cv::Mat()}, "expected pictures of 8 x 8 of type CV_8UC3, got none as picture 0"},
      {"wider",
       {black({8, 8}), black({9, 8})},
       "expected pictures of 8 x 8 of type CV_8UC3, got 8 x 9 of type CV_8UC3 as picture 1"},
      {"grey",
       {black({8, 8}, CV_8UC1)},
       "expected pictures of 8 x 8 of type CV_8UC3, got 8 x 8 of type CV_8UC1 as picture 0"},
      {"a volume",
       {volume()},
       "expected pictures of 8 x 8 of type CV_8UC3, got 2 x 8 x 8 of type CV_8UC3 as picture 0"},
  };
  for (const InputCase& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedNetwork network;
    MIXMIM_EXPECT_ERROR(network.answers(c.inputs), ("Network::answers: " + std::string(c.message)).c_str());
    MIXMIM_EXPECT_ERROR(network.features(c.inputs), ("Network::features: " + std::string(c.message)).c_str());
    EXPECT_TRUE(network.seen.empty());
  }
}

struct AnswerCase {
  const char* name;
  cv::Mat answer;
  const char* got;
};

/// A plugin that answers something else than it says is an error, not a wrong index somewhere.
TEST(Network, AnswersWithARowForEachPicture) {
  const AnswerCase cases[] = {
      {"nothing", {}, "none"},
      {"a row too few", black({4, 1}, CV_32F), "1 x 4"},
      {"a row too many", black({4, 3}, CV_32F), "3 x 4"},
      {"a column too few", black({3, 2}, CV_32F), "2 x 3"},
      {"doubles", black({4, 2}, CV_64F), "2 x 4 of type CV_64FC1"},
      {"more dimensions", cv::Mat(std::vector<int>{2, 4, 1}, CV_32F, cv::Scalar(0)), "2 x 4 x 1"},
  };
  const std::vector<cv::Mat> two(2, black({8, 8}));
  for (const AnswerCase& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedNetwork classes(test::scriptedDescription({"a", "b", "c", "d"})),
        encoder(test::scriptedDescription({}));
    classes.scores = classes.vectors = encoder.vectors = [&](const auto&) { return c.answer; };
    const std::string message = "scripted: the network's answer, expected 2 x 4 numbers, got " +
                                std::string(c.got) + "; export the model anew";
    MIXMIM_EXPECT_ERROR(classes.answers(two), message.c_str());
    MIXMIM_EXPECT_ERROR(classes.features(two), message.c_str());
    MIXMIM_EXPECT_ERROR(encoder.answers(two), message.c_str());
  }
}

TEST(Network, SaysTheSizeOfItsPictures) {
  NetworkDescription description = test::scriptedDescription({});
  description.inputSize = {8, 0};
  MIXMIM_EXPECT_ERROR(ScriptedNetwork(description), "scripted: expected pictures of a size, got 8 x 0");
}

class FakeNetworkPlugin : public ::testing::Test {
 protected:
  FakeNetworkPlugin() { options_.plugin = kFolder + "/fake_network.so"; }

  std::string file(const std::string& name, const std::string& text) const {
    test::writeFile(folder_ / name, text);
    return folder_ / name;
  }

  NetworkOptions options_;
  test::TempFolder folder_;
};

TEST_F(FakeNetworkPlugin, AnswersThroughTheBorder) {
  const auto network = Network::open(file("colours", "sky 255 200 120\nleaf 20 200 40\n"), options_);
  EXPECT_EQ(network->description().labels, (std::vector<std::string>{"sky", "leaf"}));
  EXPECT_EQ(network->description().inputSize, cv::Size(8, 8));
  const std::vector<cv::Mat> inputs{cv::Mat(8, 8, CV_8UC3, cv::Scalar(20, 200, 40)),
                                    cv::Mat(8, 8, CV_8UC3, cv::Scalar(255, 200, 120))};
  const Answers answers = network->answers(inputs);
  EXPECT_NEAR(answers.scores.at<float>(0, 1), 0, 1e-6);
  EXPECT_NEAR(answers.scores.at<float>(1, 0), 0, 1e-6);
  EXPECT_LT(answers.scores.at<float>(0, 0), -0.5f);
  EXPECT_TRUE(answers.features.empty());
  EXPECT_EQ(network->features(inputs).at<float>(1, 0), 1);
}

TEST_F(FakeNetworkPlugin, AnEncoderAnswersWithItsFeatures) {
  const Answers answers =
      Network::open(file("encoder", ""), options_)->answers({cv::Mat(8, 8, CV_8UC3, cv::Scalar::all(255))});
  EXPECT_TRUE(answers.scores.empty());
  EXPECT_EQ(cv::norm(answers.features, cv::Mat::ones(1, 3, CV_32F)), 0);
}

TEST_F(FakeNetworkPlugin, TellsItsOwnReasons) {
  MIXMIM_EXPECT_ERROR(Network::open("/nowhere", options_), "/nowhere: cannot be read");
  const std::string foreign = file("mod\xe8le \"latin1\"", "sky 255 blue 120\n");
  MIXMIM_EXPECT_ERROR(
      Network::open(foreign, options_),
      (foreign + ": expected a name and three numbers in a line, got 'sky 255 blue 120'").c_str());
}

/// Every option crosses the border, and what the other side cannot do is said.
TEST_F(FakeNetworkPlugin, RefusesWhatItCannotDo) {
  const std::string path = file("colours", "sky 255 200 120\n");
  for (int NetworkOptions::*option :
       {&NetworkOptions::backend, &NetworkOptions::target, &NetworkOptions::engine}) {
    NetworkOptions options = options_;
    options.*option = 2;
    MIXMIM_EXPECT_ERROR(Network::open(path, options),
                        "fake_network: expected the default backend, target and engine, got others; leave "
                        "all three at 0");
  }
  options_.int8 = true;
  MIXMIM_EXPECT_ERROR(Network::open(path, options_),
                      "fake_network: expected products of floats, got 8-bit products; leave int8 off");
}

TEST(Network, OfAnotherInterfaceIsRefused) {
  NetworkOptions options;
  options.plugin = kFolder + "/fake_trainer.so";
  const std::string message =
      options.plugin + ": expected a plugin with the interface mixmim.Network/1, got mixmim.Trainer/3";
  MIXMIM_EXPECT_ERROR(Network::open("any", options), message.c_str());
}

TEST(NetworkRequest, IsReadAsItWasWritten) {
  const NetworkRequest request = networkRequestFrom(
      R"({"path": "a \"b\"", "backend": 1, "target": 2, "engine": 3, "fusedLayers": false, "int8": true,
          "plugin": "mine", "replayGolden": false})");
  EXPECT_EQ(request.path, "a \"b\"");
  EXPECT_EQ(request.options.backend, 1);
  EXPECT_EQ(request.options.target, 2);
  EXPECT_EQ(request.options.engine, 3);
  EXPECT_FALSE(request.options.fusedLayers);
  EXPECT_TRUE(request.options.int8);
  EXPECT_EQ(request.options.plugin, "mine");
  EXPECT_FALSE(request.options.replayGolden);
}

}  // namespace
}  // namespace cv::mixmim
