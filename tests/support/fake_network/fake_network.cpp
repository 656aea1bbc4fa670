#include "tests/support/fake_network/fake_network.hpp"

#include <fstream>
#include <sstream>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::test {

namespace {

constexpr int kSide = 8;      // of the pictures
constexpr int kFeatures = 3;  // mean B, G, R in 0..1
constexpr float kLightest = 255;

/// Errors say what to do: `where: what, expected ..., got ...; hint`. Whatever cannot be had is one.
void requirePlain(const NetworkOptions& options) {
  if (options.backend != 0 || options.target != 0 || options.engine != 0)
    throw Error("fake_network", "expected the default backend, target and engine, got others",
                "leave all three at 0");
  if (options.int8)
    throw Error("fake_network", "expected products of floats, got 8-bit products", "leave int8 off");
}

/// A file may hold anything, so every line of it is checked.
NamedColours readColours(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(path, "cannot be read");
  NamedColours classes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    cv::Vec3f colour;
    if (!(words >> name >> colour[0] >> colour[1] >> colour[2]))
      throw Error(path, "expected a name and three numbers in a line, got '" + line + "'");
    classes.names.push_back(name);
    classes.colours.push_back(cv::Mat(colour / kLightest, /*copyData=*/true).reshape(1, 1));
  }
  return classes;
}

NetworkDescription descriptionOf(const std::string& path, const NamedColours& classes) {
  NetworkDescription description;
  description.path = path;
  description.head = classes.names.empty() ? "features" : "logits";
  description.inputSize = {kSide, kSide};
  description.labels = classes.names;
  description.featureSize = kFeatures;
  return description;
}

}  // namespace

FakeNetwork::FakeNetwork(const std::string& path, const NetworkOptions& options)
    : FakeNetwork(path, readColours(path)) {
  requirePlain(options);
}

FakeNetwork::FakeNetwork(const std::string& path, const NamedColours& classes)
    : Network(descriptionOf(path, classes)), colours_(classes.colours) {}

Answers FakeNetwork::doAnswers(const std::vector<cv::Mat>& inputs) {
  Answers answers;
  const cv::Mat features = doFeatures(inputs);
  if (colours_.empty()) {
    answers.features = features;
    return answers;
  }
  answers.scores.create(features.rows, colours_.rows, CV_32F);
  for (int i = 0; i < features.rows; ++i)
    for (int c = 0; c < colours_.rows; ++c)
      answers.scores.at<float>(i, c) = static_cast<float>(-cv::norm(features.row(i), colours_.row(c)));
  return answers;
}

cv::Mat FakeNetwork::doFeatures(const std::vector<cv::Mat>& inputs) {
  cv::Mat features(static_cast<int>(inputs.size()), kFeatures, CV_32F);
  for (int i = 0; i < features.rows; ++i) {
    const cv::Scalar mean = cv::mean(inputs[static_cast<size_t>(i)]);
    for (int c = 0; c < kFeatures; ++c) features.at<float>(i, c) = static_cast<float>(mean[c]) / kLightest;
  }
  return features;
}

}  // namespace cv::mixmim::test
