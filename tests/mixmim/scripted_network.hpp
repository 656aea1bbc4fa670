// A network whose answers a test makes up.
#pragma once

#include <functional>

#include "opencv2/mixmim/network.hpp"

namespace cv::mixmim::test {

/// "scripted", pictures of 8 x 8, 4 features; a class for each label.
inline NetworkDescription scriptedDescription(const std::vector<std::string>& labels) {
  NetworkDescription description;
  description.path = "scripted";
  description.head = labels.empty() ? "features" : "logits";
  description.inputSize = {8, 8};
  description.labels = labels;
  description.featureSize = 4;
  return description;
}

/// Keeps what it is shown, call after call, and answers with `scores` and `features`.
class ScriptedNetwork final : public Network {
 public:
  explicit ScriptedNetwork(NetworkDescription description = scriptedDescription({"none", "one", "two"}))
      : Network(std::move(description)) {}

  using Answer = std::function<cv::Mat(const std::vector<cv::Mat>&)>;
  Answer scores = [](const auto&) { return cv::Mat(); };
  Answer vectors = [](const auto&) { return cv::Mat(); };  ///< of answers() and features()
  std::vector<std::vector<cv::Mat>> seen;

 private:
  Answers doAnswers(const std::vector<cv::Mat>& inputs) override {
    Answers answers;
    answers.features = doFeatures(inputs);
    answers.scores = scores(inputs);
    return answers;
  }
  cv::Mat doFeatures(const std::vector<cv::Mat>& inputs) override {
    seen.emplace_back();
    for (const cv::Mat& input : inputs) seen.back().push_back(input.clone());
    return vectors(inputs);
  }
};

}  // namespace cv::mixmim::test
