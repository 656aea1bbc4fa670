// A model written by `mixmim export`, run by OpenCV's DNN module.
#pragma once

#include <mutex>

#include <opencv2/dnn.hpp>

#include "model_io/onnx/deployed_model.hpp"
#include "opencv2/mixmim/network.hpp"

namespace cv::mixmim {

/// Threads: the network takes one call after the other, since a Net keeps its intermediate results in itself
/// and copies of it share them.
class DnnNetwork final : public Network {
 public:
  /// Throws Error naming the file for anything that cannot be read, imported or reproduced.
  DnnNetwork(const std::string& path, const NetworkOptions& options);

 private:
  DnnNetwork(const std::string& path, const NetworkOptions& options, DeployedModel model);

  Answers doAnswers(const std::vector<cv::Mat>& inputs) override;
  cv::Mat doFeatures(const std::vector<cv::Mat>& inputs) override { return featuresOf(inputs); }

  cv::Mat scoresOf(const std::vector<cv::Mat>& inputs);
  cv::Mat featuresOf(const std::vector<cv::Mat>& inputs);
  /// The output of one of the network's layers: N x width.
  cv::Mat forward(const std::vector<cv::Mat>& inputs, const std::string& layer, int width);
  cv::Mat goldenAnswerHere();
  void replayGolden();

  const std::string& path() const { return description().path; }

  const DeployedModel model_;
  const NetworkOptions options_;
  std::string scoresLayer_, featuresLayer_;
  std::mutex mutex_;  // guards net_
  cv::dnn::Net net_;
};

}  // namespace cv::mixmim
