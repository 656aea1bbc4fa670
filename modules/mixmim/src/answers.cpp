#include "opencv2/mixmim/answers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cv::mixmim {

namespace {

/// Subtracting the largest score first keeps exp() in range.
void softmax(float* first, float* last) {
  const float largest = *std::max_element(first, last);
  for (float* p = first; p < last; ++p) *p = std::exp(*p - largest);
  const float sum = std::accumulate(first, last, 0.f);
  for (float* p = first; p < last; ++p) *p /= sum;
}

}  // namespace

cv::Mat probabilitiesOf(const cv::Mat& scores, bool severalLabels) {
  CV_Assert(scores.dims == 2 && scores.type() == CV_32F && scores.cols > 0);
  cv::Mat probabilities = scores.clone();
  for (int i = 0; i < probabilities.rows; ++i) {
    float* const first = probabilities.ptr<float>(i);
    float* const last = first + probabilities.cols;
    if (severalLabels)
      std::transform(first, last, first, [](float score) { return 1 / (1 + std::exp(-score)); });
    else
      softmax(first, last);
  }
  return probabilities;
}

}  // namespace cv::mixmim
