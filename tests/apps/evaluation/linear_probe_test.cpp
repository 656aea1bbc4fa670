#include "evaluation/linear_probe.hpp"

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {
namespace {

/// Points around one centre per class; with `separation` 0 the classes cannot be told apart.
LabelledFeatures clusters(int perClass, int classes, double separation, uint64_t seed) {
  constexpr int kDims = 8;
  LabelledFeatures data{cv::Mat(perClass * classes, kDims, CV_32F), cv::Mat(perClass * classes, 1, CV_32S)};
  Rng rng(seed, 0, 0, Purpose::kShapes);
  for (int i = 0; i < data.labels.rows; ++i) {
    const int label = i % classes;
    data.labels.at<int>(i) = label;
    for (int d = 0; d < kDims; ++d)
      data.features.at<float>(i, d) = static_cast<float>(rng.normal() + (d == label ? separation : 0));
  }
  return data;
}

TEST(LinearProbe, SeparatesClustersAndNothingElse) {
  const LabelledFeatures train = clusters(100, 3, 6, 1), val = clusters(50, 3, 6, 2);
  EXPECT_GT(accuracyOf(linearClassifier(train, 3), val), 0.97);
  EXPECT_GT(nearestNeighbours(train, val, 3, 10), 0.97);
  const LabelledFeatures noise = clusters(100, 3, 0, 3), other = clusters(50, 3, 0, 4);
  EXPECT_LT(accuracyOf(linearClassifier(noise, 3), other), 0.5);
}

TEST(LinearProbe, IsDeterministic) {
  const LabelledFeatures train = clusters(30, 3, 1, 1), val = clusters(30, 3, 1, 2);
  EXPECT_EQ(accuracyOf(linearClassifier(train, 3), val), accuracyOf(linearClassifier(train, 3), val));
}

}  // namespace
}  // namespace cv::mixmim
