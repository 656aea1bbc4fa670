#include "plugins/dnn_classifier/dnn_classifier.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

cv::dnn::Net readNet(const std::string& path) {
  try {
    return cv::dnn::readNetFromONNX(path);
  } catch (const cv::Exception& e) {
    throw Error(path, fmt::format("OpenCV {} cannot import the network: {}", CV_VERSION, e.err));
  }
}

}  // namespace

DnnClassifier::DnnClassifier(const std::string& path, const ClassifierOptions& options)
    : path_(path), model_(readDeployedModel(path)), net_(readNet(path)) {
  net_.setPreferableBackend(options.backend);
  net_.setPreferableTarget(options.target);
  labels_ = model_.labels;
  inputSize_ = model_.inputSize;
  if (options.replayGolden) replayGolden();
}

cv::Mat DnnClassifier::forward(const cv::Mat& blob) {
  try {
    net_.setInput(blob);
    return net_.forward().clone();  // the Net reuses its output
  } catch (const cv::Exception& e) {
    throw Error(path_, fmt::format("OpenCV {} cannot run the network: {}", CV_VERSION, e.err));
  }
}

void DnnClassifier::replayGolden() {
  constexpr double kTolerance = 1e-3;  // of the largest score; a wrong layer is off by far more
  const cv::Mat answer = forward(cv::dnn::blobFromImage(model_.goldenInput));
  const cv::Mat& expected = model_.goldenOutput;
  const double largest = std::max(1.0, cv::norm(expected, cv::NORM_INF));
  const double difference = answer.total() == expected.total()
                                ? cv::norm(answer.reshape(1, 1), expected.reshape(1, 1), cv::NORM_INF)
                                : largest;
  if (!(difference <= kTolerance * largest))  // written so that NaN fails
    throw Error(
        path_,
        fmt::format(
            "OpenCV {} does not reproduce the model's test picture, expected a difference of at most {:.1e}, "
            "got {:.1e}",
            CV_VERSION, kTolerance * largest, difference),
        "the file is damaged, or this OpenCV computes it wrongly: try another backend");
}

cv::Mat DnnClassifier::doLogits(const std::vector<cv::Mat>& images) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<cv::Mat> inputs(images.size());
  for (size_t i = 0; i < images.size(); ++i)
    evalTransform(images[i], model_.inputSize, model_.evalCrop, resampler_, inputs[i]);
  return forward(cv::dnn::blobFromImages(inputs));  // BGR, 0..255: the file does the rest
}

}  // namespace cv::mixmim
