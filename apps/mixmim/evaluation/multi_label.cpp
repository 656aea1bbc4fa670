#include "evaluation/multi_label.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "evaluation/answers.hpp"
#include "evaluation/precision_recall.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// -log of the probability that a score gives to the truth, without overflow.
double lossOf(double score, bool truth) {
  const double towards = truth ? score : -score;
  return std::max(-towards, 0.0) + std::log1p(std::exp(-std::abs(towards)));
}

template <class Number>
void gather(World& world, std::vector<Number>& numbers) {
  const std::string own(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
  numbers.clear();
  for (const std::string& bytes : world.gather(own)) {
    const size_t before = numbers.size();
    numbers.resize(before + bytes.size() / sizeof(Number));
    if (!bytes.empty()) std::memcpy(numbers.data() + before, bytes.data(), bytes.size());
  }
}

void count(AnswerCounts& counts, bool answered, bool present) {
  counts.right += answered && present;
  counts.answered += answered;
  counts.present += present;
}

}  // namespace

double averagePrecision(const std::vector<float>& scores, const std::vector<bool>& hasLabel) {
  const auto scoreOf = [&](size_t i) { return std::isnan(scores[i]) ? -INFINITY : scores[i]; };
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scoreOf(a) > scoreOf(b); });
  double sum = 0, found = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double alike = 0;  // with the label, among equal scores
    while (end < order.size() && scoreOf(order[end]) == scoreOf(order[begin]))
      alike += hasLabel[order[end++]];
    found += alike;
    sum += alike * found / static_cast<double>(end);
  }
  return ratio(sum, found);
}

MultiLabel::MultiLabel(std::vector<std::string> labels) : names_(std::move(labels)) {
  CV_Assert(!names_.empty());
}

void MultiLabel::add(const Batch& batch, const Answers& answers) {
  if (answers.scores.cols != static_cast<int>(labels()))
    throw Error("evaluation", fmt::format("expected {} scores per image, one for each label, got {}",
                                          labels(), answers.scores.cols));
  for (int slot = 0; slot < batch.count; ++slot) {
    const auto* scores = answers.scores.ptr<float>(slot);
    const auto* truth = batch.labelTargets.ptr<uchar>(slot);
    scores_.insert(scores_.end(), scores, scores + labels());
    truth_.insert(truth_.end(), truth, truth + labels());
  }
}

void MultiLabel::addOthers(World& world) {
  if (world.size() == 1) return;
  gather(world, scores_);
  gather(world, truth_);
}

MeasuredClass MultiLabel::resultOf(size_t label) const {
  std::vector<float> scores(images());
  std::vector<bool> truth(images());
  AnswerCounts counts;
  for (size_t i = 0; i < images(); ++i) {
    scores[i] = scores_[i * labels() + label];
    truth[i] = truth_[i * labels() + label] != 0;
    count(counts, isAnswered(scores[i]), truth[i]);
  }
  return {names_[label],
          static_cast<int64_t>(counts.present),
          {"ap", "AP", averagePrecision(scores, truth)},
          counts.numbers()};
}

Measured MultiLabel::result() const {
  Measured result;
  result.images = static_cast<int64_t>(images());
  AnswerCounts all;
  double loss = 0, exact = 0;
  for (size_t i = 0; i < images(); ++i) {
    bool isExact = true;
    for (size_t n = i * labels(); n < (i + 1) * labels(); ++n) {
      count(all, isAnswered(scores_[n]), truth_[n] != 0);
      loss += lossOf(scores_[n], truth_[n] != 0);
      isExact = isExact && isAnswered(scores_[n]) == (truth_[n] != 0);
    }
    exact += isExact;
  }
  for (size_t label = 0; label < labels(); ++label) result.classes.push_back(resultOf(label));
  result.macro = macroOf(result.classes);
  const double map = meanOf(result.classes, [](const MeasuredClass& label) { return label.share.value; });
  const auto n = static_cast<double>(images());
  result.numbers = {{"map", "mAP", map},
                    {"f1", "F1", all.f1()},
                    {"exact", "exact match", ratio(exact, n)},
                    {"loss", "loss", ratio(loss, n * static_cast<double>(labels())), false}};
  result.telling = {{"confident", {}}, {"hardest", {}}};
  return result;
}

}  // namespace cv::mixmim
