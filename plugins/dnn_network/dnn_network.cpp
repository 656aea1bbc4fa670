#include "dnn_network.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "backends.hpp"
#include "fused_network.hpp"
#include "kernels/layers.hpp"
#include "layers/fused_layers.hpp"
#include "model_io/onnx/constants.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

DeployedModel readModel(const std::string& path) {
  DeployedModel model = readDeployedModel(path);
  if (model.head == Head::kPyramid)
    throw Error(path, "expected a model with the head logits, probabilities or features, got pyramid",
                "run it with cv::dnn::readNetFromONNX, or export another head");
  if (hasClasses(model.head))
    for (int i = static_cast<int>(model.labels.size()); i < model.goldenOutput.cols; ++i)
      model.labels.push_back(fmt::format("{}", i));
  return model;
}

NetworkDescription descriptionOf(const std::string& path, const DeployedModel& model) {
  return {path,         nameOf(model.head),       model.inputSize,        model.evalView, model.orientation,
          model.labels, model.featureAffine.cols, hasSeveralLabels(model)};
}

cv::dnn::Net fusedNet(const std::string& path, const DeployedModel& about, bool int8) {
  const OnnxWeights weights = readOnnxWeights(path);
  cv::dnn::Net net = fusedNetwork(weights.tensors, modelOf(about, weights.tensors, path), path, int8);
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);  // whatever else is the host's default
  return net;
}

/// The logarithm of probabilities, finite for 0 too.
cv::Mat logOf(const cv::Mat& probabilities) {
  cv::Mat logarithms;
  cv::log(cv::max(probabilities, std::numeric_limits<float>::min()), logarithms);
  return logarithms;
}

constexpr double kInt8Tolerance = 5e-2;  // of the largest number; a wrong layer is off by far more

/// OpenCV's importer names a layer after its node, some versions with a word before it.
std::string layerOf(const cv::dnn::Net& net, const std::string& node) {
  for (const std::string& name : net.getLayerNames())
    if (name == node ||
        (name.size() > node.size() && name.substr(name.size() - node.size() - 1) == "!" + node))
      return name;
  return node;  // newer engines know outputs by the node's name
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

DnnNetwork::DnnNetwork(const std::string& path, const NetworkOptions& options)
    : DnnNetwork(path, options, readModel(path)) {}

DnnNetwork::DnnNetwork(const std::string& path, const NetworkOptions& options, DeployedModel model)
    : Network(descriptionOf(path, model)), model_(std::move(model)), options_(options) {
  requireAvailable(options);
  const bool fused = usesFusedLayers(options);
  if (fused) layerKernels();  // throws where the environment names none
  net_ = told(path, "import",
              [&] { return fused ? fusedNet(path, model_, options.int8) : stockNetwork(path, options); });
  if (hasClasses(model_.head)) scoresLayer_ = fused ? onnx_names::kLogits : nameOf(model_.head);
  featuresLayer_ = fused
                       ? fused::kFeatures
                       : layerOf(net_, hasClasses(model_.head) ? onnx_names::kPooled : onnx_names::kFeatures);
  if (options.replayGolden) replayGolden();
}

cv::Mat DnnNetwork::forward(const std::vector<cv::Mat>& inputs, const std::string& layer, int width) {
  const cv::Mat blob = cv::dnn::blobFromImages(inputs);  // BGR, 0..255: the file does the rest
  cv::Mat answer = told(path(), "run", [&] {
    const std::lock_guard<std::mutex> lock(mutex_);
    net_.setInput(blob);
    return net_.forward(layer).clone();  // the Net reuses its output
  });
  requireRows(answer, inputs.size(), width);
  return answer;
}

/// Scores before softmax or sigmoid, also of a network that gives probabilities itself.
cv::Mat DnnNetwork::scoresOf(const std::vector<cv::Mat>& inputs) {
  const cv::Mat answer = forward(inputs, scoresLayer_, static_cast<int>(model_.labels.size()));
  if (scoresLayer_ != nameOf(Head::kProbabilities)) return answer;
  return hasSeveralLabels(model_) ? logOf(answer) - logOf(1 - answer) : logOf(answer);
}

cv::Mat DnnNetwork::featuresOf(const std::vector<cv::Mat>& inputs) {
  const int size = model_.featureAffine.cols;
  if (size == 0)
    throw Error(path(), "the model's features, expected metadata \"mixmim.featureAffine\", got none",
                "export the model anew");
  const cv::Mat pooled = forward(inputs, featuresLayer_, size);
  if (featuresLayer_ != fused::kFeatures && model_.head == Head::kFeatures) return pooled;
  const cv::Mat gains = cv::repeat(model_.featureAffine.row(0), pooled.rows, 1);
  const cv::Mat biases = cv::repeat(model_.featureAffine.row(1), pooled.rows, 1);
  return pooled.mul(gains) + biases;
}

Answers DnnNetwork::doAnswers(const std::vector<cv::Mat>& inputs) {
  Answers answers;
  if (hasClasses(model_.head))
    answers.scores = scoresOf(inputs);
  else
    answers.features = featuresOf(inputs);
  return answers;
}

/// The answer to the file's golden picture: features, scores or probabilities, as the head says.
cv::Mat DnnNetwork::goldenAnswerHere() {
  const std::vector<cv::Mat> picture{model_.goldenInput};
  if (model_.head == Head::kFeatures) return featuresOf(picture);
  const cv::Mat scores = scoresOf(picture);
  return model_.head == Head::kProbabilities ? probabilitiesOf(scores, hasSeveralLabels(model_)) : scores;
}

void DnnNetwork::replayGolden() {
  const double largest = std::max(1.0, cv::norm(model_.goldenOutput, cv::NORM_INF));
  const double allowed = std::max(goldenTolerance(model_), options_.int8 ? kInt8Tolerance * largest : 0);
  const cv::Mat answer = goldenAnswerHere();
  const bool comparable = answer.size() == model_.goldenOutput.size() && cv::checkRange(answer);
  const double difference = comparable ? cv::norm(answer, model_.goldenOutput, cv::NORM_INF)
                                       : std::numeric_limits<double>::infinity();
  if (difference > allowed)
    throw Error(
        path(),
        fmt::format("OpenCV {} does not reproduce the model's test picture, expected a difference of at "
                    "most {:.1e}, got {:.1e}",
                    cv::getVersionString(), allowed, difference),
        "the file is damaged, or this OpenCV computes it wrongly: try another backend");
}

}  // namespace cv::mixmim
