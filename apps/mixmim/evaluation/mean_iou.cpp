#include "evaluation/mean_iou.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/label_map.hpp"
#include "evaluation/precision_recall.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kValues = 256;

/// NaN of nothing.
double definedRatio(int64_t part, int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN()
                    : static_cast<double>(part) / static_cast<double>(whole);
}

/// The mean over the classes that have the number; 0 where none has.
template <class Number>
double meanOfDefined(const std::vector<MeasuredClass>& classes, const Number& number) {
  double sum = 0, count = 0;
  for (const MeasuredClass& one : classes) {
    if (std::isnan(number(one))) continue;
    sum += number(one);
    ++count;
  }
  return ratio(sum, count);
}

[[noreturn]] void refuse(const char* what, size_t label, size_t classes, bool mayBeIgnored) {
  throw Error("evaluation", fmt::format("{} {}, expected 0 to {}{}", what, label, classes - 1,
                                        mayBeIgnored ? fmt::format(" or {}", kIgnoredLabel) : ""));
}

}  // namespace

MeanIou::MeanIou(std::vector<std::string> labels)
    : labels_(std::move(labels)),
      confusion_(classes() * classes()),
      picturesOfClass_(classes()),
      pairs_(kValues * kValues) {
  CV_Assert(classes() >= 1 && classes() <= static_cast<size_t>(kIgnoredLabel));
}

void MeanIou::add(const cv::Mat& truth, const cv::Mat& answer) {
  CV_Assert(truth.type() == CV_8U && answer.type() == CV_8U);
  if (truth.size() != answer.size())
    throw Error("evaluation", fmt::format("expected an answer of {} x {} as the truth, got {} x {}",
                                          truth.cols, truth.rows, answer.cols, answer.rows));
  std::fill(pairs_.begin(), pairs_.end(), 0);
  for (int y = 0; y < truth.rows; ++y) {
    const uint8_t *expected = truth.ptr(y), *answered = answer.ptr(y);
    for (int x = 0; x < truth.cols; ++x) ++pairs_[expected[x] * kValues + answered[x]];
  }
  checkPairs();
  for (size_t label = 0; label < classes(); ++label) addRow(label, &pairs_[label * kValues]);
  ++pictures_;
}

/// Once a picture and not once a pixel, and before anything is counted.
void MeanIou::checkPairs() const {
  for (size_t pair = 0; pair < kIgnoredLabel * kValues; ++pair) {
    if (pairs_[pair] == 0) continue;
    const size_t label = pair / kValues, answer = pair % kValues;
    if (label >= classes()) refuse("label", label, classes(), true);
    if (answer >= classes()) refuse("answer", answer, classes(), false);
  }
}

void MeanIou::addRow(size_t truth, const uint32_t* answers) {
  uint32_t pixels = 0;
  for (size_t answer = 0; answer < classes(); ++answer) {
    count(truth, answer) += answers[answer];
    pixels += answers[answer];
  }
  if (pixels > 0) ++picturesOfClass_[truth];
}

/// Whole numbers, so no order of adding them changes the sums.
void MeanIou::addOthers(World& world) {
  if (world.size() == 1) return;
  std::vector<double> counts{static_cast<double>(pictures_)};
  counts.insert(counts.end(), picturesOfClass_.begin(), picturesOfClass_.end());
  counts.insert(counts.end(), confusion_.begin(), confusion_.end());
  world.sum(counts);
  auto next = counts.begin();
  const auto take = [&](int64_t& count) { count = static_cast<int64_t>(*next++); };
  take(pictures_);
  std::for_each(picturesOfClass_.begin(), picturesOfClass_.end(), take);
  std::for_each(confusion_.begin(), confusion_.end(), take);
}

MeasuredClass MeanIou::resultOf(size_t label) const {
  int64_t truth = 0, answers = 0;
  for (size_t other = 0; other < classes(); ++other) {
    truth += count(label, other);
    answers += count(other, label);
  }
  const int64_t right = count(label, label);
  return {labels_[label],
          picturesOfClass_[label],
          {"iou", "IoU", definedRatio(right, truth + answers - right)},
          {{"acc", "accuracy", definedRatio(right, truth)}}};
}

cv::Mat MeanIou::confusion() const {
  const int64_t largest = *std::max_element(confusion_.begin(), confusion_.end());
  int halvings = 0;
  while (largest >> halvings > std::numeric_limits<int>::max()) ++halvings;
  const int n = static_cast<int>(classes());
  cv::Mat matrix(n, n, CV_32S);
  std::transform(confusion_.begin(), confusion_.end(), matrix.begin<int>(),
                 [&](int64_t count) { return static_cast<int>(count >> halvings); });
  return matrix;
}

Measured MeanIou::result() const {
  Measured result;
  result.images = pictures_;
  int64_t right = 0, all = 0;
  for (size_t label = 0; label < classes(); ++label) {
    result.classes.push_back(resultOf(label));
    right += count(label, label);
    for (size_t answer = 0; answer < classes(); ++answer) all += count(label, answer);
  }
  const auto iou = [](const MeasuredClass& one) { return one.share.value; };
  const auto acc = [](const MeasuredClass& one) { return one.more.front().value; };
  result.numbers = {{"miou", "mIoU", meanOfDefined(result.classes, iou)},
                    {"macc", "mAcc", meanOfDefined(result.classes, acc)},
                    {"aacc", "aAcc", ratio(static_cast<double>(right), static_cast<double>(all))}};
  result.confusion = confusion();
  return result;
}

}  // namespace cv::mixmim
