#include "evaluation/precision_recall.hpp"

namespace cv::mixmim {

double ratio(double part, double whole) {
  return whole == 0 ? 0 : part / whole;
}

std::vector<NamedNumber> AnswerCounts::numbers() const {
  return {{"precision", "precision", ratio(right, answered)},
          {"recall", "recall", ratio(right, present)},
          {"f1", "F1", f1()}};
}

double meanOf(const std::vector<MeasuredClass>& classes,
              const std::function<double(const MeasuredClass&)>& number) {
  double sum = 0, count = 0;
  for (const MeasuredClass& one : classes) {
    if (one.images == 0) continue;
    ++count;
    sum += number(one);
  }
  return ratio(sum, count);
}

std::vector<NamedNumber> macroOf(const std::vector<MeasuredClass>& classes) {
  std::vector<NamedNumber> means = AnswerCounts().numbers();
  for (size_t i = 0; i < means.size(); ++i)
    means[i].value = meanOf(classes, [i](const MeasuredClass& one) { return one.more[i].value; });
  return means;
}

}  // namespace cv::mixmim
