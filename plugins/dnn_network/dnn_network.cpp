#include "dnn_network.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <opencv2/imgproc.hpp>

#include "backends.hpp"
#include "fused_network.hpp"
#include "kernels/layers.hpp"
#include "layers/fused_layers.hpp"
#include "model_io/onnx/constants.hpp"
#include "model_io/onnx/weights.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

DeployedModel readDescription(const std::string& path) {
  DeployedModel model = readDeployedModel(path);
  if (model.head == Head::kPyramid)
    throw Error(path, "expected a model with the head logits, probabilities or features, got pyramid",
                "run it with cv::dnn::readNetFromONNX, or export another head");
  if (hasClasses(model.head))
    for (int i = static_cast<int>(model.labels.size()); i < model.goldenOutput.cols; ++i)
      model.labels.push_back(fmt::format("{}", i));
  return model;
}

cv::dnn::Net fusedNet(const std::string& path, const DeployedModel& about, bool int8) {
  const OnnxWeights weights = readOnnxWeights(path);
  cv::dnn::Net net = fusedNetwork(weights.tensors, modelOf(about, weights.tensors, path), path, int8);
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);  // whatever else is the host's default
  return net;
}

constexpr double kInt8Tolerance = 5e-2;  // of the largest number; a wrong layer is off by far more

/// One row of scores -> their probabilities.
cv::Mat softmax(const cv::Mat& scores) {
  double largest = 0;
  cv::minMaxLoc(scores, nullptr, &largest);
  cv::Mat powers;
  cv::exp(scores - largest, powers);
  return powers / cv::sum(powers)[0];
}

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

DnnNetwork::DnnNetwork(const std::string& path, const ClassifierOptions& options)
    : path_(path), model_(readDescription(path)), options_(options) {
  requireAvailable(options);
  const bool fused = usesFusedLayers(options);
  if (fused) layerKernels();  // throws where the environment names none
  net_ = told(path, "import",
              [&] { return fused ? fusedNet(path, model_, options.int8) : stockNetwork(path, options); });
  if (hasClasses(model_.head)) scoresLayer_ = fused ? onnx_names::kLogits : nameOf(model_.head);
  featuresLayer_ = fused
                       ? fused::kFeatures
                       : layerOf(net_, hasClasses(model_.head) ? onnx_names::kPooled : onnx_names::kFeatures);
  labels_ = model_.labels;
  inputSize_ = model_.inputSize;
  featureSize_ = model_.featureAffine.cols;
  if (options.replayGolden) replayGolden();
}

cv::Mat DnnNetwork::forward(const std::vector<cv::Mat>& inputs, const std::string& layer, int width) {
  const cv::Mat blob = cv::dnn::blobFromImages(inputs);  // BGR, 0..255: the file does the rest
  const cv::Mat answer = told(path_, "run", [&] {
    const std::lock_guard<std::mutex> lock(mutex_);
    net_.setInput(blob);
    return net_.forward(layer).clone();  // the Net reuses its output
  });
  const int images = blob.size[0];
  if (answer.dims != 2 || answer.rows != images || answer.cols != width || answer.type() != CV_32F)
    throw Error(path_,
                fmt::format("the network's answer, expected {} x {} numbers, got {}", images, width,
                            fmt::join(answer.size.p, answer.size.p + answer.dims, " x ")),
                "export the model anew");
  return answer;
}

/// Scores before softmax. For a network that gives probabilities itself, their logarithms, because softmax
/// turns these into the probabilities again.
cv::Mat DnnNetwork::scoresOf(const std::vector<cv::Mat>& inputs) {
  if (scoresLayer_.empty())
    throw Error(
        path_,
        fmt::format("expected a model that names classes, got one with the head {}", nameOf(model_.head)),
        "export it with --head logits");
  cv::Mat scores = forward(inputs, scoresLayer_, static_cast<int>(labels_.size()));
  if (scoresLayer_ != nameOf(Head::kProbabilities)) return scores;
  cv::Mat positive = cv::max(scores, std::numeric_limits<float>::min());
  cv::log(positive, scores);
  return scores;
}

cv::Mat DnnNetwork::featuresOf(const std::vector<cv::Mat>& inputs) {
  if (featureSize_ == 0)
    throw Error(path_, "the model's features, expected metadata \"mixmim.featureAffine\", got none",
                "export the model anew");
  const cv::Mat pooled = forward(inputs, featuresLayer_, featureSize_);
  if (featuresLayer_ != fused::kFeatures && model_.head == Head::kFeatures) return pooled;
  const cv::Mat gains = cv::repeat(model_.featureAffine.row(0), pooled.rows, 1);
  const cv::Mat biases = cv::repeat(model_.featureAffine.row(1), pooled.rows, 1);
  return pooled.mul(gains) + biases;
}

/// The answer to the file's golden picture: features, scores or probabilities, as the head says.
cv::Mat DnnNetwork::goldenAnswerHere() {
  const std::vector<cv::Mat> picture{model_.goldenInput};
  if (model_.head == Head::kFeatures) return featuresOf(picture);
  const cv::Mat scores = scoresOf(picture);
  return model_.head == Head::kProbabilities ? softmax(scores) : scores;
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
        path_,
        fmt::format("OpenCV {} does not reproduce the model's test picture, expected a difference of at "
                    "most {:.1e}, got {:.1e}",
                    cv::getVersionString(), allowed, difference),
        "the file is damaged, or this OpenCV computes it wrongly: try another backend");
}

std::vector<cv::Mat> DnnNetwork::inputsOf(const std::vector<cv::Mat>& images) const {
  std::vector<cv::Mat> inputs(images.size());
  cv::parallel_for_(cv::Range(0, static_cast<int>(images.size())), [&](const cv::Range& range) {
    thread_local Resampler resampler;
    for (int i = range.start; i < range.end; ++i) {
      const auto k = static_cast<size_t>(i);
      evalTransform(images[k], model_.inputSize, model_.evalCrop, resampler, inputs[k]);
    }
  });
  return inputs;
}

/// The rows that `answer` gives for the images; the mean over them and their mirror images, where that is
/// wanted.
template <class Answer>
cv::Mat DnnNetwork::answerTo(const std::vector<cv::Mat>& images, const Answer& answer) {
  std::vector<cv::Mat> inputs = inputsOf(images);
  const cv::Mat straight = answer(inputs);
  if (!options_.flip) return straight;
  for (cv::Mat& input : inputs) cv::flip(input, input, /*around y*/ 1);
  return (straight + answer(inputs)) / 2;
}

cv::Mat DnnNetwork::doLogits(const std::vector<cv::Mat>& images) {
  return answerTo(images, [&](const auto& inputs) { return scoresOf(inputs); });
}

cv::Mat DnnNetwork::doFeatures(const std::vector<cv::Mat>& images) {
  return answerTo(images, [&](const auto& inputs) { return featuresOf(inputs); });
}

}  // namespace cv::mixmim
