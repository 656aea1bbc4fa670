#include "evaluation/linear_probe.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "evaluation/answers.hpp"

namespace cv::mixmim {

namespace {

/// Adds a constant column: the bias becomes a weight.
cv::Mat withOnes(const cv::Mat& features) {
  cv::Mat result;
  cv::hconcat(features, cv::Mat::ones(features.rows, 1, CV_32F), result);
  return result;
}

struct Standardiser {
  explicit Standardiser(const cv::Mat& features) {
    cv::reduce(features, mean, 0, cv::REDUCE_AVG);
    const cv::Mat centred = features - cv::repeat(mean, features.rows, 1);
    cv::reduce(centred.mul(centred), deviation, 0, cv::REDUCE_AVG);
    cv::sqrt(deviation + 1e-6, deviation);
  }
  cv::Mat operator()(const cv::Mat& features) const {
    return (features - cv::repeat(mean, features.rows, 1)) / cv::repeat(deviation, features.rows, 1);
  }
  cv::Mat mean, deviation;
};

cv::Mat softmaxRows(const cv::Mat& scores) {
  cv::Mat largest, sums, result;
  cv::reduce(scores, largest, 1, cv::REDUCE_MAX);
  cv::exp(scores - cv::repeat(largest, 1, scores.cols), result);
  cv::reduce(result, sums, 1, cv::REDUCE_SUM);
  return result / cv::repeat(sums, 1, scores.cols);
}

cv::Mat oneHot(const cv::Mat& labels, int classes) {
  cv::Mat targets = cv::Mat::zeros(labels.rows, classes, CV_32F);
  for (int i = 0; i < labels.rows; ++i) targets.at<float>(i, labels.at<int>(i)) = 1;
  return targets;
}

double accuracy(const cv::Mat& scores, const cv::Mat& labels) {
  int right = 0;
  for (int i = 0; i < scores.rows; ++i)
    right += placeOf(scores.ptr<float>(i), scores.cols, labels.at<int>(i)) == 0;
  return static_cast<double>(right) / std::max(1, scores.rows);
}

cv::Mat unitRows(const cv::Mat& features) {
  cv::Mat squares, norms;
  cv::reduce(features.mul(features), squares, 1, cv::REDUCE_SUM);
  cv::sqrt(squares + 1e-12, norms);
  return features / cv::repeat(norms, 1, features.cols);
}

}  // namespace

LinearClassifier linearClassifier(const LabelledFeatures& train, int classes) {
  constexpr int kSteps = 500;
  constexpr double kMomentum = 0.9, kPenalty = 1e-4;
  const Standardiser standardise(train.features);
  const cv::Mat x = withOnes(standardise(train.features)), y = oneHot(train.labels, classes);
  // The largest stable step is 1 / L; features are standardised, so L is at most half their number.
  const double rate = 2.0 / x.cols;
  cv::Mat weights = cv::Mat::zeros(x.cols, classes, CV_32F), velocity = weights.clone();
  for (int step = 0; step < kSteps; ++step) {
    const cv::Mat gradient = x.t() * (softmaxRows(x * weights) - y) / x.rows + kPenalty * weights;
    velocity = kMomentum * velocity - rate * gradient;
    weights += velocity;
  }
  const cv::Mat scaled =
      weights.rowRange(0, weights.rows - 1) / cv::repeat(standardise.deviation.t(), 1, classes);
  return {scaled, weights.row(weights.rows - 1) - standardise.mean * scaled};
}

double accuracyOf(const LinearClassifier& classifier, const LabelledFeatures& val) {
  const cv::Mat scores =
      val.features * classifier.weights + cv::repeat(classifier.bias, val.features.rows, 1);
  return accuracy(scores, val.labels);
}

double nearestNeighbours(const LabelledFeatures& train, const LabelledFeatures& val, int classes, int k) {
  constexpr float kTemperature = 0.07f;
  const cv::Mat known = unitRows(train.features), asked = unitRows(val.features);
  cv::Mat votes = cv::Mat::zeros(val.features.rows, classes, CV_32F);
  std::vector<int> order(static_cast<size_t>(known.rows));
  const auto few = static_cast<std::ptrdiff_t>(std::min(k, known.rows));
  for (int i = 0; i < asked.rows; ++i) {
    const cv::Mat similarity = asked.row(i) * known.t();
    std::iota(order.begin(), order.end(), 0);
    const auto nearer = [&](int a, int b) { return similarity.at<float>(a) > similarity.at<float>(b); };
    std::partial_sort(order.begin(), order.begin() + few, order.end(), nearer);
    for (auto it = order.begin(); it != order.begin() + few; ++it)
      votes.at<float>(i, train.labels.at<int>(*it)) += std::exp(similarity.at<float>(*it) / kTemperature);
  }
  return accuracy(votes, val.labels);
}

}  // namespace cv::mixmim
