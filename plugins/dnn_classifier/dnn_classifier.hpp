// A model written by `mixmim export`, run by OpenCV's DNN module.
#pragma once

#include <mutex>

#include <opencv2/dnn.hpp>

#include "model_io/deployed_model.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

/// Threads: pictures are resized side by side; the network itself takes one call after the other, since a Net
/// keeps its intermediate results in itself and copies of it share them. One call uses all threads of OpenCV.
class DnnClassifier final : public Classifier {
 public:
  /// Throws Error naming the file for anything that cannot be read, imported or reproduced.
  DnnClassifier(const std::string& path, const ClassifierOptions& options);

 private:
  cv::Mat doLogits(const std::vector<cv::Mat>& images) override;
  cv::Mat doFeatures(const std::vector<cv::Mat>& images) override;

  /// What the network says to pictures of its own size, at one of its layers: N x width.
  cv::Mat forward(const std::vector<cv::Mat>& inputs, const std::string& layer, int width);
  cv::Mat forward(const cv::Mat& blob, const std::string& layer, int width);
  std::vector<cv::Mat> inputsOf(const std::vector<cv::Mat>& images) const;
  void replayGolden();

  const std::string path_;
  const DeployedModel model_;
  const ClassifierOptions options_;
  std::string scoresLayer_, featuresLayer_;
  std::mutex mutex_;  // guards net_
  cv::dnn::Net net_;
};

}  // namespace cv::mixmim
