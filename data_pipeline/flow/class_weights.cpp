#include "flow/class_weights.hpp"

#include <cmath>
#include <vector>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

std::vector<double> imagesOfClasses(const Source& source) {
  std::vector<double> counts(source.labels().size());
  for (int64_t i = 0; i < source.size(); ++i) {
    const std::vector<int> labels = source.labelsOf(i);
    if (labels.empty() && !source.hasSeveralLabels())
      throw Error("optim.classWeights", "expected images with classes, got one without", "leave it at 0");
    for (const int label : labels) ++counts.at(static_cast<size_t>(label));
  }
  return counts;
}

}  // namespace

cv::Mat classWeights(const Source& source, double share) {
  const std::vector<double> counts = imagesOfClasses(source);
  const auto images = static_cast<double>(source.size());
  cv::Mat weights = cv::Mat::ones(1, static_cast<int>(counts.size()), CV_32F);
  double sum = 0;  // over all images
  for (const double n : counts)
    if (n > 0) sum += n * std::pow(n, -share);
  for (size_t c = 0; c < counts.size(); ++c) {
    const double n = counts[c];
    if (n == 0) continue;
    const double weight =
        source.hasSeveralLabels() ? std::pow((images - n) / n, share) : std::pow(n, -share) * images / sum;
    weights.at<float>(static_cast<int>(c)) = static_cast<float>(weight);
  }
  return weights;
}

}  // namespace cv::mixmim
