// A model written by `mixmim export`, run by OpenCV's own DNN module.
#pragma once

#include <mutex>

#include <opencv2/dnn.hpp>

#include "model_io/deployed_model.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

/// Threads: calls take turns, since a Net keeps its intermediate results in itself and copies of it share
/// them.
class DnnClassifier final : public Classifier {
 public:
  /// Throws Error naming the file for anything that cannot be read, imported or reproduced.
  DnnClassifier(const std::string& path, const ClassifierOptions& options);

 private:
  cv::Mat doLogits(const std::vector<cv::Mat>& images) override;

  cv::Mat forward(const cv::Mat& blob);
  void replayGolden();

  std::string path_;
  DeployedModel model_;
  std::mutex mutex_;  // guards net_ and resampler_
  cv::dnn::Net net_;
  Resampler resampler_;
};

}  // namespace cv::mixmim
