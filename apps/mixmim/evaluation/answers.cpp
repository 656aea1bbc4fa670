#include "evaluation/answers.hpp"

#include <algorithm>
#include <cmath>

namespace cv::mixmim {

int placeOf(const float* scores, int classes, int label) {
  int place = 0;
  for (int c = 0; c < classes; ++c) place += c != label && !(scores[c] < scores[label]);
  return place;
}

int answerOf(const float* scores, int classes, int label) {
  if (label >= 0 && placeOf(scores, classes, label) == 0) return label;
  const auto isLarger = [&](int a, int b) {
    return scores[a] > scores[b] || (std::isnan(scores[b]) && !std::isnan(scores[a]));
  };
  int answer = label == 0 ? 1 : 0;
  for (int c = answer + 1; c < classes; ++c)
    if (c != label && isLarger(c, answer)) answer = c;
  return answer;
}

bool answerAlike(const float* one, const float* other, int classes) {
  const int answer = answerOf(one, classes);
  return placeOf(one, classes, answer) == 0 && placeOf(other, classes, answer) == 0;
}

bool isAnswered(float score) {
  return score > 0;
}

bool labelsAlike(const float* one, const float* other, int labels) {
  return std::equal(one, one + labels, other,
                    [](float a, float b) { return isAnswered(a) == isAnswered(b); });
}

}  // namespace cv::mixmim
