// A complete Network without cv::dnn, and the manual for authors of one: everything a Classifier needs of a
// network is here, in its simplest form. The "model" is a text file with a line per class, its name and its
// colour: "sky 255 200 120" (B G R). The nearer a picture's mean colour, the higher the class's score.
#pragma once

#include "opencv2/mixmim/network.hpp"

namespace cv::mixmim::test {

/// What the file holds.
struct NamedColours {
  std::vector<std::string> names;
  cv::Mat colours;  ///< a row for each: B G R in 0..1, CV_32F
};

/// Threads: calls change nothing, so they need not take turns.
class FakeNetwork final : public Network {
 public:
  FakeNetwork(const std::string& path, const NetworkOptions& options);

 private:
  FakeNetwork(const std::string& path, const NamedColours& classes);

  // The public functions have checked the pictures, and check what comes back.
  Answers doAnswers(const std::vector<cv::Mat>& inputs) override;
  cv::Mat doFeatures(const std::vector<cv::Mat>& inputs) override;

  const cv::Mat colours_;
};

}  // namespace cv::mixmim::test
