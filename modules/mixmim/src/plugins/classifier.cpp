#include "opencv2/mixmim/classifier.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/plugin.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kWhere = "Classifier";

/// Any picture OpenCV reads -> 8-bit BGR.
cv::Mat asBgr(const cv::Mat& image, size_t index) {
  if (image.empty()) throw Error(kWhere, fmt::format("image {} is empty", index), "was the file read?");
  if (image.dims != 2)
    throw Error(kWhere,
                fmt::format("expected a picture of 2 dimensions, got {} in image {}", image.dims, index));
  cv::Mat bgr;
  switch (image.depth() == CV_8U ? image.channels() : 0) {
    case 1:
      cv::cvtColor(image, bgr, cv::COLOR_GRAY2BGR);
      return bgr;
    case 3:
      return image;
    case 4:
      cv::cvtColor(image, bgr, cv::COLOR_BGRA2BGR);
      return bgr;
    default:
      throw Error(kWhere, fmt::format("expected 8 bits and 1, 3 or 4 channels, got {} in image {}",
                                      std::string(cv::typeToString(image.type())), index));
  }
}

bool isList(cv::InputArray input) {
  return input.kind() == cv::_InputArray::STD_VECTOR_MAT ||
         input.kind() == cv::_InputArray::STD_VECTOR_UMAT || input.kind() == cv::_InputArray::STD_ARRAY_MAT;
}

/// One image or a list of them -> 8-bit BGR images. An std::vector of numbers is refused: OpenCV would take
/// the bytes of a JPEG file for a picture one pixel high.
std::vector<cv::Mat> imagesOf(cv::InputArrayOfArrays input) {
  std::vector<cv::Mat> images;
  if (isList(input))
    input.getMatVector(images);
  else if (input.isMat() || input.isUMat())
    images.push_back(input.getMat());
  else if (input.kind() != cv::_InputArray::NONE)
    throw Error(kWhere, "expected a cv::Mat, a cv::UMat or a list of them, got another kind of array",
                "decode files with cv::imread or cv::imdecode");
  if (images.empty()) throw Error(kWhere, "expected at least one image, got none");
  for (size_t i = 0; i < images.size(); ++i) images[i] = asBgr(images[i], i);
  return images;
}

void requireFinite(const cv::Mat& numbers, const char* what) {
  if (!cv::checkRange(numbers))
    throw Error(kWhere, fmt::format("expected finite {} from the network, got others", what),
                "its weights are damaged, or the backend computes it wrongly");
}

/// Scores -> probabilities. Subtracting the largest score first keeps exp() in range.
std::vector<float> softmax(const cv::Mat& scores) {
  const float* first = scores.ptr<float>();
  std::vector<float> probabilities(first, first + scores.cols);
  const float largest = *std::max_element(probabilities.begin(), probabilities.end());
  for (float& p : probabilities) p = std::exp(p - largest);
  const float sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.f);
  for (float& p : probabilities) p /= sum;
  return probabilities;
}

std::vector<Prediction> best(const cv::Mat& scores, int topK, const std::vector<std::string>& labels) {
  const std::vector<float> probabilities = softmax(scores);
  std::vector<int> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const auto more = [&](int a, int b) {
    return probabilities[static_cast<size_t>(a)] > probabilities[static_cast<size_t>(b)];
  };
  std::stable_sort(order.begin(), order.end(), more);
  order.resize(std::min(order.size(), static_cast<size_t>(topK)));
  std::vector<Prediction> predictions;
  for (const int index : order)
    predictions.push_back(
        {labels[static_cast<size_t>(index)], index, probabilities[static_cast<size_t>(index)]});
  return predictions;
}

}  // namespace

cv::Ptr<Classifier> Classifier::create(const std::string& path, const ClassifierOptions& options) {
  const Plugin& plugin = loadPlugin(options.plugin, interfaceOf<Classifier>());
  const boost::json::object json{{"path", path},
                                 {"backend", options.backend},
                                 {"target", options.target},
                                 {"engine", options.engine},
                                 {"fusedLayers", options.fusedLayers},
                                 {"int8", options.int8},
                                 {"flip", options.flip},
                                 {"replayGolden", options.replayGolden}};
  return std::static_pointer_cast<Classifier>(createObject(plugin, boost::json::serialize(json)));
}

Classifier::~Classifier() = default;

void Classifier::logits(cv::InputArrayOfArrays images, cv::OutputArray scores) {
  const cv::Mat answer = doLogits(imagesOf(images));
  requireFinite(answer, "scores");
  answer.copyTo(scores);
}

void Classifier::features(cv::InputArrayOfArrays images, cv::OutputArray vectors) {
  const cv::Mat answer = doFeatures(imagesOf(images));
  requireFinite(answer, "features");
  answer.copyTo(vectors);
}

std::vector<std::vector<Prediction>> Classifier::classifyBatch(cv::InputArrayOfArrays images, int topK) {
  if (topK < 1) throw Error(kWhere, fmt::format("expected topK of at least 1, got {}", topK));
  cv::Mat scores;
  logits(images, scores);
  std::vector<std::vector<Prediction>> all;
  for (int i = 0; i < scores.rows; ++i) all.push_back(best(scores.row(i), topK, labels_));
  return all;
}

std::vector<Prediction> Classifier::classify(cv::InputArray image, int topK) {
  if (isList(image)) throw Error(kWhere, "classify expected one image, got a list", "call classifyBatch");
  return classifyBatch(image, topK).front();
}

}  // namespace cv::mixmim
