#include "plugins/dnn_classifier/dnn_classifier.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model_io/onnx_weights.hpp"
#include "opencv2/mixmim/error.hpp"
#include "plugins/dnn_classifier/fused_network.hpp"

namespace cv::mixmim {

namespace {

/// OpenCV computes on the CPU, without an error, where it lacks a backend.
void requireBackend(const ClassifierOptions& options) {
  if (options.backend == 0 && options.target == 0) return;
  const auto targets = cv::dnn::getAvailableTargets(static_cast<cv::dnn::Backend>(options.backend));
  if (std::find(targets.begin(), targets.end(), options.target) != targets.end()) return;
  std::vector<std::string> here{"0/0"};
  for (const auto& [backend, target] : cv::dnn::getAvailableBackends())
    here.push_back(fmt::format("{}/{}", static_cast<int>(backend), static_cast<int>(target)));
  throw Error("dnn_classifier",
              fmt::format("expected a backend/target that OpenCV {} has here ({}), got {}/{}",
                          cv::getVersionString(), fmt::join(here, ", "), options.backend, options.target));
}

DeployedModel readDescription(const std::string& path) {
  DeployedModel model = readDeployedModel(path);
  if (model.head != "logits")
    throw Error(path, fmt::format("expected a model with the head logits, got {}", model.head),
                "export it with --head logits");
  for (int i = static_cast<int>(model.labels.size()); i < model.goldenOutput.cols; ++i)
    model.labels.push_back(fmt::format("{}", i));
  return model;
}

bool usesFusedLayers(const ClassifierOptions& options) {
  const bool opencv =
      options.backend == cv::dnn::DNN_BACKEND_DEFAULT || options.backend == cv::dnn::DNN_BACKEND_OPENCV;
  return options.fusedLayers && opencv && options.target == cv::dnn::DNN_TARGET_CPU;
}

cv::dnn::Net fusedNet(const std::string& path) {
  cv::dnn::Net net = fusedNetwork(readOnnxWeights(path).tensors, path);
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);  // whatever else is the host's default
  return net;
}

cv::dnn::Net stockNet(const std::string& path, const ClassifierOptions& options) {
  cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
  net.setPreferableBackend(options.backend);
  net.setPreferableTarget(options.target);
  return net;
}

/// Runs `step` and turns what OpenCV or oneDNN throw into an Error about the file.
template <class Step>
auto told(const std::string& path, const char* what, const Step& step) {
  try {
    return step();
  } catch (const Error&) {
    throw;
  } catch (const cv::Exception& e) {
    throw Error(path,
                fmt::format("OpenCV {} cannot {} the network: {}", cv::getVersionString(), what, e.err));
  } catch (const std::exception& e) {  // of oneDNN
    throw Error(path, fmt::format("oneDNN cannot {} the network: {}", what, e.what()),
                "turn the fused layers off (ClassifierOptions::fusedLayers)");
  }
}

}  // namespace

DnnClassifier::DnnClassifier(const std::string& path, const ClassifierOptions& options)
    : path_(path), model_(readDescription(path)) {
  requireBackend(options);
  net_ = told(path, "import",
              [&] { return usesFusedLayers(options) ? fusedNet(path) : stockNet(path, options); });
  labels_ = model_.labels;
  inputSize_ = model_.inputSize;
  if (options.replayGolden) replayGolden();
}

cv::Mat DnnClassifier::forward(const cv::Mat& blob) {
  const cv::Mat scores = told(path_, "run", [&] {
    net_.setInput(blob);
    return net_.forward().clone();  // the Net reuses its output
  });
  const int images = blob.size[0], classes = static_cast<int>(labels_.size());
  if (scores.dims != 2 || scores.rows != images || scores.cols != classes || scores.type() != CV_32F)
    throw Error(path_,
                fmt::format("the network's answer, expected {} x {} numbers, got {}", images, classes,
                            fmt::join(scores.size.p, scores.size.p + scores.dims, " x ")),
                "export the model anew");
  return scores;
}

void DnnClassifier::replayGolden() {
  constexpr double kTolerance = 1e-3;  // of the largest score; a wrong layer is off by far more
  const cv::Mat answer = forward(cv::dnn::blobFromImage(model_.goldenInput));
  const double allowed = kTolerance * std::max(1.0, cv::norm(model_.goldenOutput, cv::NORM_INF));
  const double difference = cv::checkRange(answer) ? cv::norm(answer, model_.goldenOutput, cv::NORM_INF)
                                                   : std::numeric_limits<double>::infinity();
  if (difference > allowed)
    throw Error(
        path_,
        fmt::format("OpenCV {} does not reproduce the model's test picture, expected a difference of at "
                    "most {:.1e}, got {:.1e}",
                    cv::getVersionString(), allowed, difference),
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
