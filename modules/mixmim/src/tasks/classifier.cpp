#include "opencv2/mixmim/classifier.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/network.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "tasks/pictures.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kWhere = "Classifier";

/// The part of each picture that the network is shown, in its size.
std::vector<cv::Mat> inputsOf(const std::vector<cv::Mat>& images, const NetworkDescription& network) {
  std::vector<cv::Mat> inputs(images.size());
  cv::parallel_for_(cv::Range(0, static_cast<int>(images.size())), [&](const cv::Range& range) {
    thread_local Resampler resampler;
    for (int i = range.start; i < range.end; ++i) {
      const auto k = static_cast<size_t>(i);
      evalTransform(images[k], network.inputSize, network.evalView, resampler, inputs[k]);
    }
  });
  return inputs;
}

/// The rows that `answer` gives for the inputs; with `flip` the mean over them and their mirror images.
template <class Answer>
cv::Mat answerTo(std::vector<cv::Mat> inputs, bool flip, const Answer& answer) {
  const cv::Mat straight = answer(inputs);
  if (!flip) return straight;
  for (cv::Mat& input : inputs) cv::flip(input, input, /*around y*/ 1);
  return (straight + answer(inputs)) / 2;
}

cv::Mat scoresOf(Network& network, const std::vector<cv::Mat>& inputs) {
  const NetworkDescription& about = network.description();
  const Answers answers = about.labels.empty() ? Answers{} : network.answers(inputs);
  if (answers.scores.empty())
    throw Error(about.path,
                fmt::format("expected a model that names classes, got one with the head {}", about.head),
                "export it with --head logits");
  return answers.scores;
}

void requireFinite(const cv::Mat& numbers, const char* what) {
  if (!cv::checkRange(numbers))
    throw Error(kWhere, fmt::format("expected finite {} from the network, got others", what),
                "its weights are damaged, or the backend computes it wrongly");
}

/// One row of probabilities -> the topK largest.
std::vector<Prediction> best(const float* probabilities, int topK, const std::vector<std::string>& labels) {
  std::vector<int> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return probabilities[a] > probabilities[b]; });
  order.resize(std::min(order.size(), static_cast<size_t>(topK)));
  std::vector<Prediction> predictions;
  for (const int index : order)
    predictions.push_back({labels[static_cast<size_t>(index)], index, probabilities[index]});
  return predictions;
}

}  // namespace

cv::Ptr<Classifier> Classifier::create(const std::string& path, const ClassifierOptions& options) {
  return cv::makePtr<Classifier>(Network::open(path, options), options.flip);
}

Classifier::Classifier(std::shared_ptr<Network> network, bool flip)
    : network_(std::move(network)), flip_(flip) {}

void Classifier::logits(cv::InputArrayOfArrays images, cv::OutputArray scores) {
  const cv::Mat answer = answerTo(inputsOf(bgrPictures(images, kWhere), network_->description()), flip_,
                                  [&](const auto& inputs) { return scoresOf(*network_, inputs); });
  requireFinite(answer, "scores");
  answer.copyTo(scores);
}

void Classifier::features(cv::InputArrayOfArrays images, cv::OutputArray vectors) {
  const cv::Mat answer = answerTo(inputsOf(bgrPictures(images, kWhere), network_->description()), flip_,
                                  [&](const auto& inputs) { return network_->features(inputs); });
  requireFinite(answer, "features");
  answer.copyTo(vectors);
}

std::vector<std::vector<Prediction>> Classifier::classifyBatch(cv::InputArrayOfArrays images, int topK) {
  if (topK < 1) throw Error(kWhere, fmt::format("expected topK of at least 1, got {}", topK));
  cv::Mat scores;
  logits(images, scores);
  const cv::Mat probabilities = probabilitiesOf(scores, severalLabels());
  std::vector<std::vector<Prediction>> all;
  for (int i = 0; i < scores.rows; ++i) all.push_back(best(probabilities.ptr<float>(i), topK, labels()));
  return all;
}

std::vector<Prediction> Classifier::classify(cv::InputArray image, int topK) {
  if (isList(image)) throw Error(kWhere, "classify expected one image, got a list", "call classifyBatch");
  return classifyBatch(image, topK).front();
}

std::vector<Prediction> Classifier::classifyFile(const std::string& path, int topK) {
  return classify(readPicture(path), topK);
}

cv::Mat Classifier::readPicture(const std::string& path) const {
  return cv::mixmim::readPicture(path, orientation());
}

const std::vector<std::string>& Classifier::labels() const {
  return network_->description().labels;
}

bool Classifier::severalLabels() const {
  return network_->description().severalLabels;
}

int Classifier::featureSize() const {
  return network_->description().featureSize;
}

cv::Size Classifier::inputSize() const {
  return network_->description().inputSize;
}

Orientation Classifier::orientation() const {
  return network_->description().orientation;
}

}  // namespace cv::mixmim
