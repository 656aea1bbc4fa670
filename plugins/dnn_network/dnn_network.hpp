// A model written by `mixmim export`, run by OpenCV's DNN module.
#pragma once

#include <mutex>

#include <opencv2/dnn.hpp>

#include "model_io/onnx/deployed_model.hpp"
#include "opencv2/mixmim/classifier.hpp"

namespace cv::mixmim {

/// Threads: pictures are resized side by side; the network itself takes one call after the other, since a Net
/// keeps its intermediate results in itself and copies of it share them. One call uses all threads of OpenCV.
class DnnNetwork final : public Classifier {
 public:
  /// Throws Error naming the file for anything that cannot be read, imported or reproduced.
  DnnNetwork(const std::string& path, const ClassifierOptions& options);

 private:
  cv::Mat doLogits(const std::vector<cv::Mat>& images) override;
  cv::Mat doFeatures(const std::vector<cv::Mat>& images) override;

  // Pictures of the network's own size -> N rows.
  cv::Mat scoresOf(const std::vector<cv::Mat>& inputs);
  cv::Mat featuresOf(const std::vector<cv::Mat>& inputs);
  /// The output of one of the network's layers: N x width.
  cv::Mat forward(const std::vector<cv::Mat>& inputs, const std::string& layer, int width);
  template <class Answer>
  cv::Mat answerTo(const std::vector<cv::Mat>& images, const Answer& answer);
  std::vector<cv::Mat> inputsOf(const std::vector<cv::Mat>& images) const;
  cv::Mat goldenAnswerHere();
  void replayGolden();

  const std::string path_;
  const DeployedModel model_;
  const ClassifierOptions options_;
  std::string scoresLayer_, featuresLayer_;
  std::mutex mutex_;  // guards net_
  cv::dnn::Net net_;
};

}  // namespace cv::mixmim
